/**
 * A process that takes one request after another.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { openPipe, PipeReader } from "../core/pipe.ts";
import { type ExitStatus, spawn, type SpawnOptions } from "../spawn/mod.ts";
import type { CgroupLimits } from "./config.ts";
import { mayAnswer } from "./descendants.ts";
import { endInWords } from "./end_in_words.ts";
import { OutputLog } from "./output_log.ts";
import type { Poll } from "./poll.ts";
import type { Problem } from "./problem.ts";
import { ProcessCgroup } from "./process_cgroup.ts";
import { ProcessTree } from "./process_tree.ts";
import type { RouteMetrics } from "./route_metrics.ts";
import type { WorkerStatus } from "./status.ts";

/** How a worker is started. */
export interface WorkerStart {
  /** The verb and path of its route, for logs. */
  readonly route: { readonly method: string; readonly path: string };
  /** The options for `spawn`, but for its output and what it is told of itself. */
  readonly options: SpawnOptions;
  /** Its control group, if it has one of its own. */
  readonly cgroup?: CgroupLimits;
  /** How long it has between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
  /** Whether what it prints is logged. */
  readonly logStdout: boolean;
}

/** A request that a worker has taken. */
export interface TakenRequest {
  /** Whether nobody waits for its answer any more. */
  readonly isAbandoned: boolean;
  /** Its worker has asked for another one instead of answering it. */
  forgotten(): void;
  /** Its worker has ended: in words, with what it printed last for the log. */
  workerEnded(words: string, printed: string): void;
}

/** What is told to a worker that is to end. */
const LEAVING: Problem = { status: 410, detail: "there are no more requests for this worker: it is to end" };

/** One worker. */
export class Worker {
  /** What it names itself by; nobody else knows. */
  readonly token: string = crypto.randomUUID();
  /** Where it waits for requests. */
  readonly polls: Set<Poll> = new Set();
  /** The requests that it has taken and not answered. */
  readonly taken: Set<TakenRequest> = new Set();
  /** How many it has answered. */
  answered = 0;
  readonly #start: WorkerStart;
  readonly #metrics: RouteMetrics;
  readonly #onGone: (worker: Worker) => void;
  readonly #startedMs = performance.now();
  readonly #tree: ProcessTree;
  readonly #cgroup: ProcessCgroup | undefined;
  readonly #pipes: readonly PipeReader[];
  #logs: readonly OutputLog[] = [];
  #hasAsked = false;
  #isLeaving = false;
  #wasTold = false;
  #end: ExitStatus | undefined;

  /**
   * Starts a worker.
   *
   * @param start How.
   * @param metrics What is counted.
   * @param onGone Told when it has ended, with all that came of it.
   * @throws {SystemError} If it cannot be started.
   */
  constructor(start: WorkerStart, metrics: RouteMetrics, onGone: (worker: Worker) => void) {
    this.#start = start;
    this.#metrics = metrics;
    this.#onGone = onGone;
    using held = new DisposableStack();
    const pipes: PipeReader[] = [];
    let cgroup: ProcessCgroup | undefined;
    const open = (at: number): Fd => {
      const { reader, writer } = openPipe();
      held.use(writer);
      pipes.push(new PipeReader(reader, { onData: (bytes) => this.#logs[at].push(bytes), onEnd: () => {} }));
      return writer;
    };
    try {
      cgroup = ProcessCgroup.create(start.cgroup, this.token);
      const { options } = start;
      const child = spawn({
        ...options,
        env: { ...options.env, NEXT_URL: `http://localhost/next/${this.token}` },
        ...(cgroup ? { cgroup: cgroup.directory } : {}),
        stdin: "null",
        stdout: open(0),
        stderr: open(1),
      });
      this.#tree = new ProcessTree(child, start.graceMs, {
        onExit: (status) => this.#onExit(status),
        onGone: () => this.#onTreeGone(),
      });
    } catch (error) {
      for (const pipe of pipes) pipe.close();
      cgroup?.remove();
      throw error;
    }
    this.#pipes = pipes;
    this.#cgroup = cgroup;
    const fields = (stream: string) => ({ ...start.route, worker: this.pid, stream });
    this.#logs = [new OutputLog(start.logStdout, fields("stdout")), new OutputLog(start.logStdout, fields("stderr"))];
    metrics.started();
  }

  /** Its process id. */
  get pid(): number {
    return this.#tree.pid;
  }

  /** For how long it has run, in milliseconds. */
  get age(): number {
    return performance.now() - this.#startedMs;
  }

  /** What the log says of it: with how it ended, if it has. */
  get facts(): Record<string, unknown> {
    const printed = this.#printed;
    const { answered, pid } = this;
    const end = this.#end ? { end: endInWords(this.#end), ...(printed === "" ? {} : { printed }) } : {};
    return { ...this.#start.route, worker: pid, answered, ...end };
  }

  get #printed(): string {
    return this.#logs.findLast((log) => log.tail !== "")?.tail ?? "";
  }

  /** Whether it was told to end before it did. */
  get wasTold(): boolean {
    return this.#wasTold;
  }

  /** Whether it gets no more requests. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** What is to be told of it. */
  get status(): WorkerStatus {
    const state = this.#isLeaving ? "stopping" : this.taken.size > 0 ? "busy" : this.#hasAsked ? "idle" : "starting";
    return { ...this.#start.route, pid: this.pid, state, requests: this.answered, uptime: this.age / 1000 };
  }

  /**
   * Tells whether a process came of it.
   *
   * @param pid The process; 0 for one that the kernel does not name.
   */
  includes(pid: number): boolean {
    return this.#end === undefined && mayAnswer(pid, this.pid, this.#cgroup);
  }

  /** It asks for a request: what it has taken and nobody waits for is over. */
  asks(): void {
    this.#hasAsked = true;
    for (const request of this.taken) {
      if (!request.isAbandoned) continue;
      this.taken.delete(request);
      request.forgotten();
    }
  }

  /**
   * It has taken a request.
   *
   * @param request The request.
   */
  takes(request: TakenRequest): void {
    this.taken.add(request);
    for (const log of this.#logs) log.restart();
  }

  /**
   * It has not a request any more.
   *
   * @param request The request.
   */
  leaves(request: TakenRequest): void {
    this.taken.delete(request);
    if (this.#isLeaving && this.taken.size === 0) this.#tree.stop();
  }

  /** Gives it no more requests, and ends it when it has answered those that it has. */
  retire(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#refusePolls();
    if (this.taken.size === 0) this.#tree.stop();
  }

  /** Ends it, whatever it does. */
  stop(): void {
    this.#isLeaving = true;
    this.#refusePolls();
    this.#tree.stop();
  }

  /**
   * Tells it, at a connection of its, that there is nothing more for it.
   *
   * @param poll Where it asks.
   */
  dismiss(poll: Poll): void {
    poll.refuse(LEAVING);
  }

  #refusePolls(): void {
    for (const poll of this.polls) poll.refuse(LEAVING);
  }

  #onExit(status: ExitStatus): void {
    this.#end = status;
    this.#wasTold = this.#isLeaving;
    this.#isLeaving = true;
    this.#metrics.usage(status.usage);
    for (const pipe of this.#pipes) pipe.drain();
    this.#refusePolls();
    for (const request of this.taken) request.workerEnded(endInWords(status), this.#printed);
    this.taken.clear();
    // What it has left behind is of no use without it.
    this.#tree.stop();
  }

  #onTreeGone(): void {
    for (const pipe of this.#pipes) {
      pipe.drain();
      pipe.close();
    }
    for (const log of this.#logs) log.end();
    this.#cgroup?.remove();
    this.#metrics.ended();
    this.#onGone(this);
  }
}
