/**
 * From a request that has arrived in full to what answers it: whether it may,
 * and when.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { ArgumentError } from "./arguments.ts";
import type { Exchange } from "./exchange.ts";
import { PayloadError } from "./payload.ts";
import type { PendingRequests } from "./pending.ts";
import { type Problem, violationProblem } from "./problem.ts";
import { ProcessExchange } from "./process_exchange.ts";
import type { Violation } from "./request.ts";
import type { Route } from "./route.ts";
import { type Refusal, Slots } from "./slots.ts";
import { planStart, type StartPlan } from "./start_plan.ts";
import type { Transaction } from "./transaction.ts";
import { WorkerExchange } from "./worker_exchange.ts";
import type { WorkerPlan } from "./worker_route.ts";

/** How a client is told to come again, in seconds. */
const RETRY_AFTER = "1";

/** What is told to clients that come too late. */
export const STOPPING: Problem = {
  status: 503,
  detail: "the gateway is stopping",
  headers: [["retry-after", RETRY_AFTER]],
};

/** Lets requests run. */
export class Admission {
  /** Who runs and who waits. */
  readonly slots: Slots = new Slots({ concurrency: 1, queue: 0 });
  readonly #pending: PendingRequests;
  readonly #exchanges = new Map<Exchange, Route>();
  readonly #waiting = new Set<Transaction>();
  /** Routes of requests that have not arrived in full. */
  readonly #expected = new Set<{ readonly route: Route }>();
  readonly #watchers = new Set<{ readonly isOver: () => boolean; readonly tell: () => void }>();
  #isClosed = false;

  /**
   * Begins without requests.
   *
   * @param pending Who waits for an answer at the reply socket.
   */
  constructor(pending: PendingRequests) {
    this.#pending = pending;
  }

  /**
   * Lets a request go on if it may.
   *
   * @param transaction The request.
   */
  admit(transaction: Transaction): void {
    if (this.#isClosed) return transaction.fail(STOPPING, "shutdown");
    const { request, route: { config, operation }, responder } = transaction;
    if (config.validateIn === "off" || !operation) return this.#enqueue(transaction);
    this.#waiting.add(transaction);
    responder.onGone = () => transaction.giveUp();
    operation.validateRequest(request).then((violation) => {
      this.#waiting.delete(transaction);
      if (!transaction.isDone) this.#judge(transaction, violation);
      this.#look();
    }, (error) => {
      this.#waiting.delete(transaction);
      transaction.fail({ status: 500, detail: "the request could not be checked", reason: `${error}` }, "fault");
      this.#look();
    });
  }

  #judge(transaction: Transaction, violation: Violation | undefined): void {
    const { request: { id }, route: { config, metrics } } = transaction;
    if (!violation) return this.#enqueue(transaction);
    metrics.violation("in");
    if (config.validateIn === "enforce") return transaction.fail(violationProblem(violation), "request refused");
    getLogger("proxy").warn("request against the document", { id, route: config.path, errors: violation.errors });
    this.#enqueue(transaction);
  }

  /** Lets a request run as soon as there is room. */
  #enqueue(transaction: Transaction): void {
    const { request, route, responder } = transaction;
    let plan: StartPlan | WorkerPlan;
    try {
      plan = route.workers ? route.workers.plan(request) : planStart(route.config, route.start, request);
    } catch (error) {
      return this.#failToPlan(transaction, error);
    }
    this.#waiting.add(transaction);
    route.metrics.queued(1);
    const leave = (): void => {
      this.#waiting.delete(transaction);
      route.metrics.queued(-1);
    };
    const withdraw = this.slots.acquire(
      route.slots,
      () => {
        leave();
        this.#run(transaction, plan);
      },
      (why) => {
        leave();
        plan[Symbol.dispose]();
        this.#refuseForNow(transaction, why);
        this.#look();
      },
    );
    if (!transaction.isDone) responder.admitted?.();
    if (!this.#waiting.has(transaction)) return;
    const quit = (): void => {
      if (!this.#waiting.has(transaction)) return;
      withdraw();
      leave();
      plan[Symbol.dispose]();
      this.#look();
    };
    transaction.onDone = quit;
    responder.onGone = () => {
      quit();
      transaction.giveUp();
    };
  }

  #failToPlan(transaction: Transaction, error: unknown): void {
    if (error instanceof PayloadError) {
      return transaction.fail({ status: 400, detail: error.message }, "body refused");
    }
    if (error instanceof ArgumentError) {
      return transaction.fail({ status: error.status, detail: error.message }, "body refused");
    }
    const reason = (error as Error).message;
    transaction.fail({ status: 502, detail: "the program could not be started", reason }, "not started");
  }

  #refuseForNow(transaction: Transaction, why: Refusal): void {
    const headers = [["retry-after", RETRY_AFTER]] as const;
    const detail = why === "route"
      ? "too many requests for this path wait already"
      : why === "service"
      ? "too many requests wait already"
      : "the request has waited too long for a process";
    transaction.fail({ status: why === "route" ? 429 : 503, detail, headers }, "refused at a limit");
  }

  #run(transaction: Transaction, plan: StartPlan | WorkerPlan): void {
    const { route, responder } = transaction;
    const end = (): void => {
      this.#exchanges.delete(exchange);
      this.slots.release(route.slots);
      this.#look();
    };
    const exchange: Exchange = "options" in plan
      ? new ProcessExchange(transaction, plan, this.#pending, end)
      : new WorkerExchange(transaction, plan, this.#pending, end);
    this.#exchanges.set(exchange, route);
    responder.onGone = () => {
      // The client of a job has gone long ago: whoever says so wants it to end.
      if (route.config.async) exchange.cancel();
      else exchange.clientGone();
      transaction.giveUp();
    };
    responder.started?.();
    exchange.start();
  }

  /**
   * A request begins to arrive: until it is there its route is still needed.
   *
   * @param route The route.
   * @returns Ends that; to be called once the request was admitted, or has failed.
   */
  expect(route: Route): () => void {
    const expected = { route };
    this.#expected.add(expected);
    return () => {
      this.#expected.delete(expected);
      this.#look();
    };
  }

  #look(): void {
    for (const watcher of this.#watchers) {
      if (!watcher.isOver()) continue;
      this.#watchers.delete(watcher);
      watcher.tell();
    }
  }

  async #until(isOver: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.add({ isOver, tell: resolve });
    this.#look();
    await promise;
  }

  /** Waits until nobody waits, and all that was started has ended. */
  async idle(): Promise<void> {
    await this.#until(() => this.#exchanges.size === 0 && this.#waiting.size === 0);
  }

  /**
   * Waits until routes are not needed any more: all of their requests are over, those that have just begun to arrive
   * as well.
   *
   * @param routes The routes, which get no more requests.
   */
  async unused(routes: readonly Route[]): Promise<void> {
    const old = new Set(routes);
    const isUsed = (route: Route): boolean => old.has(route);
    await this.#until(() =>
      !this.#exchanges.values().some(isUsed) &&
      !this.#waiting.values().some(({ route }) => isUsed(route)) &&
      !this.#expected.values().some(({ route }) => isUsed(route))
    );
  }

  /** Ends all requests, those that come after this as well. */
  shutDown(): void {
    this.#isClosed = true;
    for (const transaction of this.#waiting) transaction.fail(STOPPING, "shutdown");
    for (const exchange of this.#exchanges.keys()) exchange.shutDown();
    this.#look();
  }
}
