/**
 * Threads of the shim that start processes, and what is heard of these.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { EPOLL } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { startReactor, Watch } from "../core/reactor.ts";
import type { CgroupArrival } from "./cgroup.ts";
import { ChildProcess } from "./child_process.ts";
import { roomForEnd, statusIn } from "./exit_status.ts";
import { encodePlan, type Plan, planFailure, withoutCgroup } from "./plan.ts";
import { openNull, openSelf } from "./standing_fds.ts";

/** How long a process may live, in microseconds, before it is handed over as it is. */
const PATIENCE_US = 5000;

/**
 * How many threads there are: while one waits for its child to become a program,
 * another one can look after those that have become one.
 */
const THREADS = 2;

/** How long those who have ended may be told of, in milliseconds, before others in this process get a turn. */
const TURN_MS = 1;

/** One that is alone, and will be over so soon, is polled for: a wake-up would take half as long. */
const SHORT_LIFE_MS = 0.6;

/** `IPCX_RUN_STREAMS`, and one more for standard error: what a plan names where a pipe is to be. */
export const RUN_STREAMS = [0x7fff0000, 0x7fff0001] as const;

/** `IPCX_RUN_BYTES`. */
const STREAM_BYTES = 65_536;

/** `enum ipcx_run`. */
const SLOTS = 11;
const SLOT = { ID: 0, RESULT: 1, HAS_ENDED: 2, PID: 3, OWN_PID: 4, PIDFD: 5, FAILED: 6, FDS: 7, LENGTHS: 9 } as const;

const SIGKILL = 9;

/** A process that was started: it may have ended by now. */
export interface Started {
  /** The process. */
  readonly child: ChildProcess;
  /** What it has printed to standard output and standard error so far; changes when the handler returns. */
  readonly printed: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  /** Where more may come from, the caller's; `undefined` for a stream that has ended. */
  readonly pipes: readonly [Fd | undefined, Fd | undefined];
}

/** Who is told. */
export interface StartHandler {
  /**
   * Called when the process runs, or has ended; must not throw.
   *
   * @param started The process; its pipes are the handler's to close.
   */
  onStarted(started: Started): void;
  /**
   * Called when it could not be started; must not throw.
   *
   * @param error The `SystemError` of the step that failed.
   */
  onFailed(error: unknown): void;
}

/** A process to be started. */
export interface Job {
  /** How. */
  readonly plan: Plan;
  /** What must stay open until then. */
  readonly held: DisposableStack;
  /** Its control group, if it has one. */
  readonly arrival?: CgroupArrival;
  /** Whether it leads a process group. */
  readonly leadsGroup: boolean;
  /** Who is told. */
  readonly handler: StartHandler;
  /** Since when it is waited for. */
  readonly askedMs: number;
}

/** Processes tend to live as long as the last one. */
let lastMs = Infinity;

/** How many are being started, or young. */
let inFlight = 0;

/** One thread. */
class Runner {
  readonly #handle: Deno.PointerValue;
  readonly #watch: Watch;
  readonly #jobs = new Map<number, Job>();
  readonly #slots = new Int32Array(SLOTS);
  readonly #ended = roomForEnd();
  readonly #bytes = new Uint8Array(2 * STREAM_BYTES);
  #nextId = 1;

  constructor() {
    const handle = new BigUint64Array(1);
    const done = new Int32Array(1);
    check(native.ipcx_runner_start(PATIENCE_US, handle, done), "pthread_create");
    this.#handle = Deno.UnsafePointer.create(handle[0]);
    this.#watch = new Watch(done[0], EPOLL.IN, { onReady: () => this.#collect(), comesAlone: true });
  }

  get load(): number {
    return this.#jobs.size;
  }

  submit(job: Job): void {
    const id = this.#nextId;
    this.#nextId = id === 0x7fffffff ? 1 : id + 1;
    const { words, data } = encodePlan(job.plan);
    check(native.ipcx_runner_submit(this.#handle, id, words, data, data.length), "malloc");
    this.#jobs.set(id, job);
    if (this.#jobs.size === 1) this.#watch.ref();
    inFlight++;
    if (inFlight === 1 && lastMs < SHORT_LIFE_MS) queueMicrotask(() => this.#awaitOne());
  }

  #awaitOne(): void {
    if (inFlight !== 1 || this.#jobs.size !== 1) return;
    if (native.ipcx_runner_await(this.#handle, SHORT_LIFE_MS * 1000) > 0) this.#collect();
    else lastMs = Infinity;
  }

  /** What is left is told of in the next turn: as long as there is something, the descriptor is ready. */
  #collect(): void {
    const end = performance.now() + TURN_MS;
    do {
      if (native.ipcx_runner_collect(this.#handle, this.#slots, this.#ended, this.#bytes) <= 0) return;
      this.#tell();
    } while (performance.now() < end);
  }

  #tell(): void {
    const slots = this.#slots;
    const id = slots[SLOT.ID];
    const job = this.#jobs.get(id)!;
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#watch.unref();
    inFlight--;
    lastMs = performance.now() - job.askedMs;
    if (slots[SLOT.RESULT] < 0) return this.#tellFailure(job, slots[SLOT.FAILED], -slots[SLOT.RESULT]);
    let started: Started;
    try {
      started = this.#startedOf(job);
    } catch (error) {
      return job.handler.onFailed(error);
    } finally {
      job.held.dispose();
    }
    job.handler.onStarted(started);
  }

  #startedOf(job: Job): Started {
    const [out, err] = [0, 1].map((stream) => {
      const start = stream * STREAM_BYTES;
      return this.#bytes.subarray(start, start + this.#slots[SLOT.LENGTHS + stream]);
    });
    const [outPipe, errPipe] = [0, 1].map((stream) => this.#descriptor(SLOT.FDS + stream));
    try {
      return { child: this.#childOf(job), printed: [out, err], pipes: [outPipe, errPipe] };
    } catch (error) {
      outPipe?.close();
      errPipe?.close();
      throw error;
    }
  }

  #descriptor(slot: number): Fd | undefined {
    const number = this.#slots[slot];
    return number < 0 ? undefined : new Fd(number);
  }

  #childOf({ arrival, leadsGroup, askedMs }: Job): ChildProcess {
    const slots = this.#slots;
    const pidfd = this.#descriptor(SLOT.PIDFD);
    try {
      return new ChildProcess({
        pid: slots[SLOT.PID],
        ownPid: slots[SLOT.OWN_PID],
        ...(slots[SLOT.HAS_ENDED] ? { status: statusIn(this.#ended) } : { pidfd }),
        cgroup: arrival?.enter(),
        leadsGroup,
        startedMs: askedMs,
      });
    } catch (error) {
      // Nobody would see its end.
      if (pidfd) native.ipcx_signal(pidfd.number, SIGKILL);
      pidfd?.close();
      throw error;
    }
  }

  #tellFailure(job: Job, failed: number, errno: number): void {
    const other = withoutCgroup(job.plan, failed);
    try {
      if (!other) throw planFailure(job.plan, failed, errno);
      this.submit({ ...job, plan: other });
    } catch (error) {
      job.held.dispose();
      job.handler.onFailed(error);
    }
  }
}

const runners: Runner[] = [];

/**
 * Starts the threads, which otherwise start with the first process.
 *
 * Their descriptors, and those that most processes are started with, stay open
 * as long as this process lives (eight).
 *
 * @throws {SystemError} EMFILE, ENFILE, EAGAIN.
 */
export function startRunner(): void {
  startReactor();
  while (runners.length < THREADS) runners.push(new Runner());
  openNull();
  openSelf();
}

/**
 * Gives a process to the thread that has the least to do.
 *
 * @param job The process; the runner's from now on, unless this throws.
 * @throws {SystemError} ENOMEM.
 * @throws {TypeError} If an argument or a variable contains a NUL.
 */
export function submit(job: Job): void {
  runners.reduce((best, one) => one.load < best.load ? one : best).submit(job);
}
