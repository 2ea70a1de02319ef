/**
 * From a request at the front to its route.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { Admission, STOPPING } from "./admission.ts";
import { History } from "./history.ts";
import { Job, Jobs, TOO_MANY_JOBS } from "./jobs.ts";
import type { ProxyMetrics } from "./metrics.ts";
import { OWN_PATHS } from "./own_paths.ts";
import { PendingRequests } from "./pending.ts";
import { type Problem, problemAnswer } from "./problem.ts";
import type { Answer, FrontRequest } from "./request.ts";
import { bodyLength, readBody } from "./request_body.ts";
import { answerWith, ClientResponder } from "./responder.ts";
import { splitTarget } from "./request_target.ts";
import type { Route } from "./route.ts";
import { dropRuntimeSpan } from "./runtime_span.ts";
import type { Found, Router } from "./router.ts";
import type { HttpHandler } from "./take_requests.ts";
import type { TracedFront, Tracing } from "./tracing.ts";
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

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return plain;
}

function cameFrom({ socket }: IncomingMessage, startedAt: number): TracedFront {
  const { remoteAddress: client } = socket;
  return { startedAt, scheme: "encrypted" in socket ? "https" : "http", ...(client ? { client } : {}) };
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
  readonly admission: Admission = new Admission(this.pending);
  /** Requests whose clients ask for the result later. */
  readonly jobs: Jobs = new Jobs();
  /** Who collects spans, if anybody does. */
  tracing?: Tracing;
  #generation: Generation;
  #isStopping = false;

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
    if (path.startsWith(OWN_PATHS)) return this.#answerForJob(request, response, this.jobs.ask(method, path));
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

  #answerForJob(request: IncomingMessage, response: ServerResponse, answer: Answer | Problem): void {
    if (!("body" in answer)) return this.#refuse(request, response, answer);
    answerWith(response, answer, this.#isStopping || bodyLength(request) !== 0, request.method === "HEAD");
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
    const client = new ClientResponder(request, response);
    const { async: isJob, resultTtl } = route.config;
    const responder = isJob ? new Job(client, this.jobs, resultTtl) : client;
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
      transaction.span = this.tracing?.request(front, route.config.path, cameFrom(request, began.time));
      return transaction;
    };
    const arrived = this.admission.expect(route);
    const go = (body: Uint8Array<ArrayBuffer>, how: (transaction: Transaction) => void): void => {
      how(begin(body));
      arrived();
    };
    readBody(request, route.config.limits.body, mayContinue, {
      onBody: (body) =>
        go(body, (transaction) => {
          if (isJob && this.jobs.isFull) transaction.fail(TOO_MANY_JOBS, "refused at a limit");
          else this.admission.admit(transaction);
        }),
      onTooLarge: () => {
        client.closes = true;
        const detail = `the body has more than ${route.config.limits.body} bytes`;
        go(NOTHING, (transaction) => transaction.fail({ status: 413, detail }, "body too large"));
      },
      onFault: (problem) => {
        client.closes = true;
        go(NOTHING, (transaction) => transaction.fail(problem, "body refused"));
      },
      onGone: () => go(NOTHING, (transaction) => transaction.giveUp()),
    });
  }

  /** Takes no more requests; those that have begun to arrive go on. */
  stop(): void {
    this.#isStopping = true;
  }
}
