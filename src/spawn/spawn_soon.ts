/**
 * Starting processes without waiting for it, and hearing of short-lived ones once.
 *
 * @module
 */

import { Fd } from "../core/fd.ts";
import { check } from "../core/errors.ts";
import { EPOLL } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { startReactor, Watch } from "../core/reactor.ts";
import { cgroupDirectory, isEmptyCgroup, OwnCgroup } from "./cgroup.ts";
import { ChildProcess } from "./child_process.ts";
import { type PreparedPlan, preparePlan } from "./create.ts";
import { roomForEnd, statusIn } from "./exit_status.ts";
import type { SpawnOptions } from "./options.ts";
import { encodePlan, planFailure, withoutCgroup } from "./plan.ts";
import { openNull, openSelf } from "./standing_fds.ts";

/** How long a process may live, in microseconds, before it is handed over as it is. */
const PATIENCE_US = 5000;

/**
 * How many threads there are: while one waits for its child to become a program,
 * another one can look after those that have become one.
 */
const THREADS = 2;

/** `IPCX_RUN_STREAMS` and `IPCX_RUN_BYTES`. */
const STREAMS = 0x7fff0000;
const STREAM_BYTES = 65_536;

/** `enum ipcx_run`. */
const SLOTS = 11;
const SLOT = { ID: 0, RESULT: 1, HAS_ENDED: 2, PID: 3, OWN_PID: 4, PIDFD: 5, FAILED: 6, FDS: 7, LENGTHS: 9 } as const;

/** How a process is started; what it prints goes to the caller. */
export interface SoonOptions extends Omit<SpawnOptions, "stdin" | "stdout" | "stderr" | "terminal" | "paused"> {
  /** Standard input, by default /dev/null. */
  stdin?: Fd;
}

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
  /** The process runs, or has ended; must not throw. */
  onStarted(started: Started): void;
  /** It could not be started; must not throw. */
  onFailed(error: unknown): void;
}

interface Job {
  readonly options: SoonOptions;
  readonly handler: StartHandler;
  readonly prepared: PreparedPlan;
  readonly held: DisposableStack;
  readonly submittedMs: number;
  readonly cgroup?: { readonly directory: string; readonly isAlone: boolean };
}

class Runner {
  readonly #handle: Deno.PointerValue;
  readonly #done: Fd;
  readonly #watch: Watch;
  readonly #jobs = new Map<number, Job>();
  readonly #slots = new Int32Array(SLOTS);
  readonly #ended = roomForEnd();
  readonly #bytes = new Uint8Array(2 * STREAM_BYTES);
  readonly #count = new Uint8Array(8);
  #nextId = 1;

  constructor() {
    const handle = new BigUint64Array(1);
    const done = new Int32Array(1);
    check(native.ipcx_runner_start(PATIENCE_US, handle, done), "pthread_create");
    this.#handle = Deno.UnsafePointer.create(handle[0]);
    this.#done = new Fd(done[0]);
    this.#watch = new Watch(this.#done.number, EPOLL.IN, { onReady: () => this.#collectAll(), comesAlone: true });
  }

  get load(): number {
    return this.#jobs.size;
  }

  submit(job: Job): void {
    const id = this.#nextId;
    this.#nextId = id === 0x7fffffff ? 1 : id + 1;
    try {
      this.#send(id, job);
    } catch (error) {
      job.held.dispose();
      throw error;
    }
    this.#jobs.set(id, job);
    if (this.#jobs.size === 1) this.#watch.ref();
    inFlight++;
    if (inFlight === 1 && lastMs < SHORT_LIFE_MS) queueMicrotask(() => this.#awaitOne());
  }

  #awaitOne(): void {
    if (inFlight !== 1 || this.#jobs.size !== 1) return;
    if (native.ipcx_runner_await(this.#handle, SHORT_LIFE_MS * 1000) > 0) this.#collectAll();
    else lastMs = Infinity;
  }

  #send(id: number, { prepared: { plan } }: Job): void {
    const { words, data } = encodePlan(plan);
    check(native.ipcx_runner_submit(this.#handle, id, words, data, data.length), "malloc");
  }

  #collectAll(): void {
    native.ipcx_read(this.#done.number, this.#count, 8);
    while (native.ipcx_runner_collect(this.#handle, this.#slots, this.#ended, this.#bytes) > 0) this.#tell();
  }

  #tell(): void {
    const slots = this.#slots;
    const id = slots[SLOT.ID];
    const job = this.#jobs.get(id)!;
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#watch.unref();
    inFlight--;
    lastMs = performance.now() - job.submittedMs;
    using _held = job.held;
    if (slots[SLOT.RESULT] < 0) return this.#tellFailure(job, slots[SLOT.FAILED], -slots[SLOT.RESULT]);
    const [out, err] = [0, 1].map((stream) => {
      const start = stream * STREAM_BYTES;
      return this.#bytes.subarray(start, start + slots[SLOT.LENGTHS + stream]);
    });
    const [outPipe, errPipe] = [0, 1].map((stream) => {
      const number = slots[SLOT.FDS + stream];
      return number < 0 ? undefined : new Fd(number);
    });
    job.handler.onStarted({ child: this.#childOf(job), printed: [out, err], pipes: [outPipe, errPipe] });
  }

  #childOf({ options, cgroup }: Job): ChildProcess {
    const slots = this.#slots;
    return new ChildProcess({
      pid: slots[SLOT.PID],
      ownPid: slots[SLOT.OWN_PID],
      ...(slots[SLOT.HAS_ENDED] ? { status: statusIn(this.#ended) } : { pidfd: new Fd(slots[SLOT.PIDFD]) }),
      cgroup: cgroup && OwnCgroup.enter(cgroup.directory, cgroup.isAlone),
      leadsGroup: Boolean(options.processGroup || options.newSession),
    });
  }

  #tellFailure(job: Job, failed: number, errno: number): void {
    const { plan } = job.prepared;
    const other = withoutCgroup(plan, failed);
    if (!other) return job.handler.onFailed(planFailure(plan, failed, errno));
    try {
      this.submit({ ...job, prepared: { ...job.prepared, plan: other }, held: job.held.move() });
    } catch (error) {
      job.handler.onFailed(error);
    }
  }
}

/** One that is alone, and will be over so soon, is polled for: a wake-up would take half as long. */
const SHORT_LIFE_MS = 0.6;

/** Processes tend to live as long as the last one. */
let lastMs = Infinity;
let inFlight = 0;

const runners: Runner[] = [];

function leastBusy(): Runner {
  return runners.reduce((best, one) => one.load < best.load ? one : best);
}

/**
 * Starts the threads, which otherwise start with the first process.
 *
 * Their descriptors, and those that most processes are started with, stay open
 * as long as this process lives (eight).
 */
export function startRunner(): void {
  startReactor();
  while (runners.length < THREADS) runners.push(new Runner());
  openNull();
  openSelf();
}

/**
 * Starts a process as {@linkcode spawn} does, but goes on at once: a thread of the
 * shim creates it, and looks after it as long as it is young. One that ends
 * within 5 ms is told of once, with all that it has printed; any other one, or
 * one that prints more than 64 KiB, is handed over as it is then.
 *
 * @param options What to start, and how; what descriptors it is given stay the caller's, and open until it is told of.
 * @param handler Who is told, once and never before this returns.
 * @throws {SystemError} For what cannot be opened.
 * @throws {TypeError} For options that contradict each other.
 */
export function spawnSoon(options: SoonOptions, handler: StartHandler): void {
  startRunner();
  using held = new DisposableStack();
  const directory = options.cgroup === undefined ? undefined : cgroupDirectory(options.cgroup);
  const cgroup = directory === undefined ? undefined : { directory, isAlone: isEmptyCgroup(directory) };
  const stdin = options.stdin ?? openNull();
  const streams = [stdin.number, STREAMS, STREAMS + 1] as const;
  const prepared = held.use(preparePlan(options as SpawnOptions, streams));
  leastBusy().submit({ options, handler, prepared, held: held.move(), cgroup, submittedMs: performance.now() });
}
