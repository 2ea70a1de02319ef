/**
 * One request, answered by a worker.
 *
 * @module
 */

import { getLogger } from "@std/log";
import type { Exchange } from "./exchange.ts";
import type { PendingRequest, PendingRequests } from "./pending.ts";
import type { Poll } from "./poll.ts";
import type { Answer } from "./request.ts";
import { SETTLE_MS } from "./settling.ts";
import type { ProcessSpan } from "./tracing.ts";
import type { Transaction } from "./transaction.ts";
import type { TakenRequest, Worker } from "./worker.ts";
import type { WorkerPlan } from "./worker_route.ts";

/** Until when a request is to be answered. */
export interface ExchangeDeadline {
  /** The request, as long as it is not. */
  exchange?: WorkerExchange;
}

/** What a worker does for one request. */
export class WorkerExchange implements Exchange, PendingRequest, TakenRequest {
  readonly maxBytes: number;
  readonly contentType?: string;
  readonly replyFrom: "anyone" | "descendants";
  readonly #transaction: Transaction;
  readonly #plan: WorkerPlan;
  readonly #pending: PendingRequests;
  readonly #onGone: () => void;
  /** Kept in a list until its time is up, so that it holds this only as long as that matters. */
  readonly #deadline: ExchangeDeadline = { exchange: this };
  #worker: Worker | undefined;
  #span: ProcessSpan | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #state: "running" | "abandoned" | "over" = "running";

  /**
   * Prepares.
   *
   * @param transaction The request.
   * @param plan What its worker gets; disposed of when it is over.
   * @param pending Who waits at the reply socket.
   * @param onGone Told when nothing of it is left to be waited for.
   */
  constructor(transaction: Transaction, plan: WorkerPlan, pending: PendingRequests, onGone: () => void) {
    const { config } = transaction.route;
    this.#transaction = transaction;
    this.#plan = plan;
    this.#pending = pending;
    this.#onGone = onGone;
    this.maxBytes = config.limits.output;
    this.contentType = config.contentType;
    this.replyFrom = config.replyFrom;
  }

  start(): void {
    const { route } = this.#plan;
    this.#pending.add(this.#transaction.request.id, this);
    route.timeouts.set(this.#deadline);
    route.pool.give(this);
  }

  /**
   * Gives it to a certain one.
   *
   * @param poll Where the worker asks.
   */
  giveTo(poll: Poll): void {
    const { worker } = poll;
    const { head, payload } = this.#plan.request;
    this.#worker = worker;
    this.#transaction.pid = worker.pid;
    worker.takes(this);
    this.#span = this.#transaction.span?.process(this.#plan.route.command, worker.pid);
    const traced = this.#span ? [...head, "traceparent", this.#span.traceparent] : head;
    poll.give(traced, payload, () => this.#notReceived());
  }

  /** The connection broke in the middle of it: nobody can have begun with it. */
  #notReceived(): void {
    if (this.#state !== "running") return;
    clearTimeout(this.#settling);
    this.#worker?.leaves(this);
    this.#worker = undefined;
    this.#span?.end(undefined, "connection lost");
    this.#plan.route.pool.give(this);
  }

  /** Whether there is no answer to be waited for any more, although the worker may be at it still. */
  get isAbandoned(): boolean {
    return this.#state !== "running";
  }

  forgotten(): void {
    this.#deadline.exchange = undefined;
  }

  whenStarted(then: () => void): void {
    then();
  }

  mayAnswer(pid: number): boolean {
    return this.#worker?.includes(pid) ?? false;
  }

  onAnswer(answer: Answer): void {
    if (this.#worker) this.#worker.answered++;
    this.#transaction.answer(answer);
    this.#finish();
  }

  onTooLarge(): void {
    const detail = `the program's answer has more than ${this.maxBytes} bytes`;
    this.#transaction.fail({ status: 502, detail }, "output limit");
    this.#finish("output limit");
  }

  /** Its time has run out: nobody knows what its worker does. */
  timeOut(): void {
    const { config: { inject }, metrics } = this.#transaction.route;
    const worker = this.#worker;
    this.#transaction.fail(
      { status: 504, detail: `the program did not answer within ${inject.timeout} ms` },
      "timed out",
    );
    if (worker && !worker.isLeaving) {
      metrics.killed("timeout");
      getLogger("proxy").warn("a worker did not answer in time and is replaced", worker.facts);
      worker.retire();
    }
    this.#finish("timeout");
  }

  workerEnded(words: string, printed: string): void {
    if (this.#state !== "running") return this.forgotten();
    const detail = `the program ${words}`;
    const reason = printed ? `${detail}; it printed: ${printed}` : detail;
    // What it sent last may not have been read yet.
    this.#settling = setTimeout(() => {
      this.#transaction.fail({ status: 502, detail, reason }, `process ${words}`);
      this.#finish(words);
    }, SETTLE_MS);
  }

  clientGone(): void {
    if (this.#transaction.route.config.cancel) this.cancel();
  }

  cancel(): void {
    if (this.#state !== "running") return;
    this.#state = "abandoned";
    if (!this.#worker) this.#deadline.exchange = undefined;
    this.#conclude("client gone");
  }

  shutDown(): void {
    this.#transaction.fail({ status: 503, detail: "the gateway is stopping" }, "shutdown");
    this.#finish("shutdown");
  }

  #finish(why?: string): void {
    const before = this.#state;
    this.#state = "over";
    this.#deadline.exchange = undefined;
    this.#worker?.leaves(this);
    if (before === "running") this.#conclude(why);
  }

  /** Nobody waits for it any more. */
  #conclude(why?: string): void {
    clearTimeout(this.#settling);
    this.#pending.expire(this.#transaction.request.id);
    this.#span?.end(undefined, why);
    this.#plan[Symbol.dispose]();
    this.#onGone();
  }
}
