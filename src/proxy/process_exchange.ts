/**
 * One request, answered by one process that was started for it.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { type ExitStatus, spawnSoon, type Started, type StartHandler } from "../spawn/mod.ts";
import { endInWords } from "./end_in_words.ts";
import type { Exchange } from "./exchange.ts";
import type { PendingRequest, PendingRequests } from "./pending.ts";
import { ProcessOutput } from "./process_output.ts";
import { ProcessTree } from "./process_tree.ts";
import type { KillReason } from "./metrics.ts";
import { mayAnswer } from "./descendants.ts";
import { ProcessCgroup } from "./process_cgroup.ts";
import type { Answer } from "./request.ts";
import { SETTLE_MS } from "./settling.ts";
import type { StartPlan } from "./start_plan.ts";
import { startProblem } from "./start_problem.ts";
import { StdoutAnswer } from "./stdout_answer.ts";
import type { ProcessSpan } from "./tracing.ts";
import type { Transaction } from "./transaction.ts";

/** In so many steps that time is waited for: what has arrived is read between them, however late each is. */
const SETTLE_STEPS = 10;

/** The process of one request. */
export class ProcessExchange implements Exchange, PendingRequest, StartHandler {
  readonly maxBytes: number;
  readonly contentType?: string;
  readonly replyFrom: "anyone" | "descendants";
  readonly #transaction: Transaction;
  readonly #plan: StartPlan;
  readonly #pending: PendingRequests;
  readonly #onGone: () => void;
  readonly #output: ProcessOutput;
  #answer: StdoutAnswer | undefined;
  #tree: ProcessTree | undefined;
  #status: ExitStatus | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #whenStarted: (() => void)[] = [];
  #settling: ReturnType<typeof setTimeout> | undefined;
  #cgroup: ProcessCgroup | undefined;
  #span: ProcessSpan | undefined;
  #killedFor: KillReason | undefined;
  #isOver = false;
  /** The answer, if it is kept until it is known what the process has used. */
  #kept: Answer | undefined;

  /**
   * Prepares.
   *
   * @param transaction The request.
   * @param plan How its process is started; disposed of when that is done.
   * @param pending Who waits at the reply socket.
   * @param onGone Told when the process, and all that came of it, have ended.
   */
  constructor(transaction: Transaction, plan: StartPlan, pending: PendingRequests, onGone: () => void) {
    const { config } = transaction.route;
    this.#transaction = transaction;
    this.#plan = plan;
    this.#pending = pending;
    this.#onGone = onGone;
    this.maxBytes = config.limits.output;
    this.contentType = config.contentType;
    this.replyFrom = config.replyFrom;
    const { id } = transaction.request;
    this.#output = new ProcessOutput(config.logStdout, id, {
      ...(config.answer === "outtake" ? {} : { onOutput: (bytes) => this.#answer!.push(bytes) }),
      onOutputEnd: () => this.#onOutputEnd(),
      onClosed: () => this.#lookWhetherOver(),
    });
  }

  /** Its process's id; 0 before it was started. */
  get pid(): number {
    return this.#tree?.pid ?? 0;
  }

  start(): void {
    const transaction = this.#transaction;
    const { config, metrics } = transaction.route;
    const { id } = transaction.request;
    if (config.answer === "outtake") this.#pending.add(id, this);
    else this.#answer = new StdoutAnswer(config, this.#sink());
    this.#timer = setTimeout(() => this.#timeOut(), config.inject.timeout);
    metrics.started();
    try {
      this.#spawn();
    } catch (error) {
      this.onFailed(error);
    }
  }

  #spawn(): void {
    const transaction = this.#transaction;
    const { config } = transaction.route;
    const { options } = this.#plan;
    this.#cgroup = ProcessCgroup.create(config.limits.cgroup, transaction.request.id);
    this.#span = transaction.span?.process(options.command);
    spawnSoon({
      ...options,
      ...(this.#span ? { env: { ...options.env, TRACEPARENT: this.#span.traceparent } } : {}),
      ...(this.#cgroup ? { cgroup: this.#cgroup.directory } : {}),
    }, this);
  }

  onFailed(error: unknown): void {
    this.#plan[Symbol.dispose]();
    clearTimeout(this.#timer);
    this.#transaction.route.metrics.notStarted();
    this.#pending.expire(this.#transaction.request.id);
    this.#cgroup?.remove();
    this.#transaction.fail(startProblem(error), "not started");
    this.#span?.end(undefined, "not started");
    this.#isOver = true;
    for (const then of this.#whenStarted) then();
    this.#onGone();
  }

  onStarted(started: Started): void {
    const { child } = started;
    const transaction = this.#transaction;
    const { config } = transaction.route;
    this.#plan[Symbol.dispose]();
    this.#span?.started(child.pid);
    transaction.pid = child.pid;
    this.#tree = new ProcessTree(child, config.inject.grace, {
      onExit: (status) => this.#onExit(status),
      onGone: () => this.#onTreeGone(),
    });
    this.#output.take(started);
    // Whoever was to end it could not do so before.
    if (this.#killedFor) this.#tree.stop();
    for (const then of this.#whenStarted) then();
  }

  whenStarted(then: () => void): void {
    if (this.#tree || this.#isOver) then();
    else this.#whenStarted.push(then);
  }

  #sink(): ConstructorParameters<typeof StdoutAnswer>[1] {
    const transaction = this.#transaction;
    const { config } = transaction.route;
    const { responder } = transaction;
    responder.onDrain = () => this.#output.resume();
    // What is printed after that is read all the same, so that nobody waits for it to be.
    transaction.onDone = () => this.#output.resume();
    return {
      canStream: responder.canStream && config.validateOut === "off" && !config.stats,
      begin: (status, headers) => transaction.begin(status, headers),
      write: (piece) => {
        // What is left when the process has ended is little enough to be kept here.
        if (!responder.write(piece) && !this.#status) this.#output.pause();
      },
      failed: (reason) => {
        // That it failed says more than what it could not print then.
        if (this.#status && !this.#status.success) return this.#failAtEnd(this.#status);
        const [outcome, detail] = reason === "too large"
          ? ["output limit", `the program's output has more than ${config.limits.output} bytes`] as const
          : ["malformed output", `the program's output is no answer: ${reason.message}`] as const;
        transaction.fail({ status: 502, detail, reason: this.#withTail(detail) }, outcome);
        this.#stop(outcome);
      },
    };
  }

  #onOutputEnd(): void {
    // A process that has closed its output has said all; mostly it ends at once, and its status is worth a moment.
    if (this.#answer && !this.#tree?.hasExited) {
      this.#settling = setTimeout(() => this.#completeOutput(), SETTLE_MS);
    }
  }

  #onExit(status: ExitStatus): void {
    const transaction = this.#transaction;
    this.#status = status;
    transaction.usage = status.usage;
    transaction.route.metrics.usage(status.usage);
    this.#span?.end(status, this.#killedFor);
    clearTimeout(this.#settling);
    this.#output.resume();
    this.#output.drain();
    if (this.#answer) this.#completeOutput();
    if (this.#kept) this.#transaction.answer(this.#kept);
  }

  /** The process has printed all that it will. */
  #completeOutput(): void {
    const transaction = this.#transaction;
    const answer = this.#answer!;
    const status = this.#status;
    const isHonest = !status || status.success || (transaction.route.config.output === "cgi" && status.signal === null);
    if (!isHonest) {
      answer.stop();
      return this.#failAtEnd(status);
    }
    const whole = answer.finish();
    if (whole) transaction.answer(whole);
    else if (transaction.responder.hasBegun) transaction.end();
  }

  #failAtEnd(status: ExitStatus | undefined): void {
    const words = status ? endInWords(status) : "ended";
    const isSilent = status?.success ?? false;
    const detail = isSilent ? `the program ${words} without an answer` : `the program ${words}`;
    this.#transaction.fail(
      { status: 502, detail, reason: this.#withTail(detail) },
      isSilent ? "no answer" : `process ${words}`,
    );
  }

  #withTail(detail: string): string {
    const { tail } = this.#output;
    return tail ? `${detail}; it printed: ${tail}` : detail;
  }

  #onTreeGone(): void {
    this.#output.drain();
    this.#lookWhetherOver();
  }

  /** Whoever has left the process group, as daemons do, may still answer as long as it holds an output. */
  #lookWhetherOver(): void {
    if (this.#isOver || !this.#tree?.isGone) return;
    const isAwaited = this.#pending.find(this.#transaction.request.id) === this;
    if (isAwaited && this.#output.isOpen) return;
    this.#isOver = true;
    this.#finish();
  }

  #finish(): void {
    const { config, metrics } = this.#transaction.route;
    clearTimeout(this.#timer);
    this.#output.close();
    this.#cgroup?.remove();
    metrics.ended();
    if (!this.#transaction.isDone && !this.#transaction.hasAnswer) {
      // What it sent last may not have been read yet.
      const steps = config.answer === "outtake" ? SETTLE_STEPS : 0;
      this.#settling = setTimeout(() => this.#giveUpWaiting(steps), 0);
    } else this.#pending.expire(this.#transaction.request.id);
    this.#onGone();
  }

  #giveUpWaiting(steps: number): void {
    if (steps > 0) {
      this.#settling = setTimeout(() => this.#giveUpWaiting(steps - 1), SETTLE_MS / SETTLE_STEPS);
      return;
    }
    this.#pending.expire(this.#transaction.request.id);
    this.#failAtEnd(this.#status);
  }

  mayAnswer(pid: number): boolean {
    // Its number may be another's by then.
    return !this.#tree?.isGone && mayAnswer(pid, this.pid, this.#cgroup);
  }

  onAnswer(answer: Answer): void {
    const transaction = this.#transaction;
    clearTimeout(this.#settling);
    if (transaction.route.config.stats && !this.#tree?.hasExited) this.#kept = answer;
    else transaction.answer(answer);
    this.#lookWhetherOver();
  }

  onTooLarge(): void {
    const { config } = this.#transaction.route;
    const detail = `the program's answer has more than ${config.limits.output} bytes`;
    this.#pending.expire(this.#transaction.request.id);
    this.#stop("output limit");
    this.#transaction.fail({ status: 502, detail }, "output limit");
    this.#lookWhetherOver();
  }

  #timeOut(): void {
    const transaction = this.#transaction;
    const { timeout } = transaction.route.config.inject;
    this.#pending.expire(transaction.request.id);
    this.#answer?.stop();
    this.#stop("timeout");
    if (this.#kept) return transaction.answer(this.#kept);
    transaction.fail({ status: 504, detail: `the program did not answer within ${timeout} ms` }, "timed out");
    this.#lookWhetherOver();
  }

  clientGone(): void {
    this.#answer?.stop();
    if (this.#transaction.route.config.cancel) this.cancel();
  }

  cancel(): void {
    this.#answer?.stop();
    this.#pending.expire(this.#transaction.request.id);
    this.#stop("client gone");
    this.#lookWhetherOver();
  }

  shutDown(): void {
    this.#pending.expire(this.#transaction.request.id);
    this.#answer?.stop();
    this.#stop("shutdown");
    this.#transaction.fail({ status: 503, detail: "the gateway is stopping" }, "shutdown");
    this.#lookWhetherOver();
  }

  #stop(reason: KillReason): void {
    if (this.#isOver || this.#tree?.isGone) return;
    if (this.#killedFor === undefined) {
      this.#killedFor = reason;
      this.#transaction.route.metrics.killed(reason);
      getLogger("proxy").debug("stopping a process", { id: this.#transaction.request.id, pid: this.pid, reason });
    }
    this.#tree?.stop();
  }
}
