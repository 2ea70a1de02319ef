/**
 * From a request at the front to its answer: which route, whether it may, which
 * process.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { getLogger } from "@std/log";
import { ArgumentError } from "./arguments.ts";
import { History } from "./history.ts";
import type { ProxyMetrics } from "./metrics.ts";
import { PayloadError } from "./payload.ts";
import { PendingRequests } from "./pending.ts";
import { type Problem, problemAnswer, violationProblem } from "./problem.ts";
import { ProcessExchange } from "./process_exchange.ts";
import type { FrontRequest, Violation } from "./request.ts";
import { bodyLength, readBody } from "./request_body.ts";
import { answerWith, ClientResponder } from "./responder.ts";
import type { Route } from "./route.ts";
import { dropRuntimeSpan } from "./runtime_span.ts";
import type { Found, Router } from "./router.ts";
import { type Refusal, Slots } from "./slots.ts";
import { planStart, type StartPlan } from "./start_plan.ts";
import type { HttpHandler } from "./take_requests.ts";
import type { Tracing } from "./tracing.ts";
import { type Observer, Transaction } from "./transaction.ts";

/** What can change while requests come: all of it at once. */
export interface Generation {
  /** The routes. */
  readonly router: Router<Route>;
  /** Whether answers have the texts of the first URocket. */
  readonly strictCompat: boolean;
  /** Whether each request is logged. */
  readonly accessLog: boolean;
}

/** How a client is told to come again, in seconds. */
const RETRY_AFTER = "1";

const STOPPING: Problem = { status: 503, detail: "the gateway is stopping", headers: [["retry-after", RETRY_AFTER]] };

const encoder = new TextEncoder();

/** Where a request is in the target of its first line (RFC 9112, 3.2). */
function splitTarget(target: string): [path: string, query: string] {
  const origin = target.startsWith("/") ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, "");
  const mark = origin.indexOf("?");
  if (mark < 0) return [origin || "/", ""];
  return [origin.slice(0, mark) || "/", origin.slice(mark + 1)];
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return plain;
}

/** Takes the requests of clients. */
export class Gateway implements HttpHandler, Observer {
  /** Who waits for an answer at the reply socket. */
  readonly pending: PendingRequests = new PendingRequests();
  /** What is counted. */
  readonly metrics: ProxyMetrics;
  /** The last requests. */
  readonly history: History = new History();
  /** Who runs and who waits. */
  readonly slots: Slots = new Slots({ concurrency: 1, queue: 0 });
  /** Who collects spans, if anybody does. */
  tracing?: Tracing;
  #generation: Generation;
  readonly #exchanges = new Set<ProcessExchange>();
  readonly #waiting = new Set<Transaction>();
  #isStopping = false;
  #onIdle: (() => void) | undefined;

  /**
   * Begins to take requests.
   *
   * @param generation What is served.
   * @param metrics What is counted.
   */
  constructor(generation: Generation, metrics: ProxyMetrics) {
    this.#generation = generation;
    this.metrics = metrics;
  }

  /** What is served from now on; requests that run go on as they began. */
  set generation(generation: Generation) {
    this.#generation = generation;
  }

  get accessLog(): boolean {
    return this.#generation.accessLog;
  }

  get strictCompat(): boolean {
    return this.#generation.strictCompat;
  }

  onRequest(request: IncomingMessage, response: ServerResponse, mayContinue: () => void): void {
    const { url = "/", method = "GET" } = request;
    if (this.tracing) dropRuntimeSpan(response);
    const [path, query] = splitTarget(url);
    if (this.#isStopping) return this.#refuse(request, response, STOPPING);
    let found: ReturnType<Router<Route>["find"]>;
    try {
      found = this.#generation.router.find(path, method);
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
      return this.#refuse(request, response, { status: 400, detail: "the path is not properly percent-encoded" });
    }
    if (!("target" in found)) return this.#refuseWithoutRoute(request, response, found.allowed);
    this.#receive(request, response, mayContinue, found, path, query);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
    this.metrics.refusedWithoutRoute(problem.status);
    // A body that nobody has asked for may be of any length: the connection ends with the answer.
    const closes = this.#isStopping || bodyLength(request) !== 0;
    answerWith(response, problemAnswer(problem), closes, request.method === "HEAD");
  }

  #refuseWithoutRoute(request: IncomingMessage, response: ServerResponse, allowed: readonly string[]): void {
    if (this.strictCompat) {
      this.metrics.refusedWithoutRoute(500);
      const body = encoder.encode("Internal Error");
      return answerWith(response, { status: 500, headers: [["content-type", "text/plain"]], body }, true);
    }
    const problem: Problem = allowed.length === 0 ? { status: 404, detail: "there is nothing at this path" } : {
      status: 405,
      detail: `this path has ${allowed.join(", ")} only`,
      headers: [["allow", allowed.join(", ")]],
    };
    this.#refuse(request, response, problem);
  }

  #receive(
    request: IncomingMessage,
    response: ServerResponse,
    mayContinue: () => void,
    { target: route, parameters }: Found<Route>,
    path: string,
    query: string,
  ): void {
    const responder = new ClientResponder(request, response);
    const began = { time: Date.now(), ms: performance.now() };
    const begin = (body: Uint8Array<ArrayBuffer>): Transaction => {
      const front: FrontRequest = {
        id: crypto.randomUUID(),
        method: request.method ?? "GET",
        path,
        query,
        parameters,
        headers: headersOf(request),
        body,
      };
      const transaction = new Transaction(front, route, responder, this, began);
      transaction.span = this.tracing?.request(front, route.config.path, { startedAt: began.time });
      return transaction;
    };
    readBody(request, route.config.limits.body, mayContinue, {
      onBody: (body) => this.#admit(begin(body)),
      onTooLarge: () => {
        responder.closes = true;
        const detail = `the body has more than ${route.config.limits.body} bytes`;
        begin(new Uint8Array()).fail({ status: 413, detail }, "body too large");
      },
      onFault: (problem) => {
        responder.closes = true;
        begin(new Uint8Array()).fail(problem, "body refused");
      },
      onGone: () => begin(new Uint8Array()).giveUp(),
    });
  }

  /** Lets a request go on if it may. */
  #admit(transaction: Transaction): void {
    const { request, route: { config, operation }, responder } = transaction;
    if (config.validateIn === "off" || !operation) return this.#enqueue(transaction);
    this.#waiting.add(transaction);
    responder.onGone = () => transaction.giveUp();
    operation.validateRequest(request).then((violation) => {
      this.#waiting.delete(transaction);
      if (!transaction.isDone) this.#judge(transaction, violation);
      this.#lookWhetherIdle();
    }, (error) => {
      this.#waiting.delete(transaction);
      transaction.fail({ status: 500, detail: "the request could not be checked", reason: `${error}` }, "fault");
      this.#lookWhetherIdle();
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
    let plan: StartPlan;
    try {
      plan = planStart(route.config, route.start, request);
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
      },
    );
    if (!this.#waiting.has(transaction)) return;
    const quit = (): void => {
      if (!this.#waiting.has(transaction)) return;
      withdraw();
      leave();
      plan[Symbol.dispose]();
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

  #run(transaction: Transaction, plan: StartPlan): void {
    const { route, responder } = transaction;
    const exchange = new ProcessExchange(transaction, this.pending, () => {
      this.#exchanges.delete(exchange);
      this.slots.release(route.slots);
      this.#lookWhetherIdle();
    });
    this.#exchanges.add(exchange);
    responder.onGone = () => {
      exchange.clientGone();
      transaction.giveUp();
    };
    exchange.start(plan);
  }

  #lookWhetherIdle(): void {
    if (this.#exchanges.size === 0 && this.#waiting.size === 0) this.#onIdle?.();
  }

  /**
   * Takes no more requests, and waits for those that run.
   *
   * @param graceMs For how long, in milliseconds; then they are ended.
   * @returns A promise without a value, when all processes have ended.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    this.#lookWhetherIdle();
    const timer = setTimeout(() => {
      for (const transaction of this.#waiting) transaction.fail(STOPPING, "shutdown");
      for (const exchange of this.#exchanges) exchange.shutDown();
      this.#lookWhetherIdle();
    }, graceMs);
    await promise;
    clearTimeout(timer);
  }
}
