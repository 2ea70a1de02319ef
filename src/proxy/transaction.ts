/**
 * A request from its arrival to its end: whatever happens, it is answered once
 * and told once to those who count.
 *
 * @module
 */

import { getLogger } from "@std/log";
import type { ResourceUsage } from "../spawn/mod.ts";
import type { History } from "./history.ts";
import { type Problem, problemAnswer } from "./problem.ts";
import type { Answer, FrontRequest, HeaderList, Violation } from "./request.ts";
import type { Responder } from "./responder.ts";
import type { Route } from "./route.ts";
import type { RequestSpan } from "./tracing.ts";

/** What nginx has made the custom for clients that did not wait; nobody is sent it. */
const CLIENT_GONE = 499;

/** Who is told of requests that have ended. */
export interface Observer {
  /** The last of them. */
  readonly history: History;
  /** Whether each is logged. */
  readonly accessLog: boolean;
  /** Whether answers have the texts of the first URocket. */
  readonly strictCompat: boolean;
}

/** One request, its route, and the way back to its client. */
export class Transaction {
  /** Told once when it is done: what waits for it need not any more. */
  onDone: () => void = () => {};
  /** The process. */
  pid?: number;
  /** What the process has used, once that is known. */
  usage?: ResourceUsage;
  /** What tracing knows of it. */
  span?: RequestSpan;
  readonly #observer: Observer;
  readonly #began: { readonly time: number; readonly ms: number };
  #status = 0;
  #isDone = false;
  #hasAnswer = false;
  #isAbandoned = false;

  /**
   * Begins.
   *
   * @param request The request.
   * @param route Its route.
   * @param responder Takes the answer.
   * @param observer Who is told of its end.
   * @param began When its head had arrived: milliseconds since 1970, and of the clock that never goes back.
   */
  constructor(
    readonly request: FrontRequest,
    readonly route: Route,
    readonly responder: Responder,
    observer: Observer,
    began: { readonly time: number; readonly ms: number },
  ) {
    this.#observer = observer;
    this.#began = began;
  }

  /** Whether it has been answered, or given up. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether its process has answered; the answer may still be looked at. */
  get hasAnswer(): boolean {
    return this.#hasAnswer;
  }

  /** For how long it has run, in milliseconds. */
  get age(): number {
    return performance.now() - this.#began.ms;
  }

  /**
   * Ends it with a problem; an answer that has begun is broken off.
   *
   * @param problem What happened.
   * @param outcome The same in few words, for the log.
   */
  fail(problem: Problem, outcome: string): void {
    if (this.#isDone) return;
    if (this.responder.hasBegun) this.responder.abort();
    else this.responder.answer(problemAnswer(problem, this.request.id));
    this.#finish(problem.status, outcome, problem.reason ?? problem.detail);
  }

  /**
   * Ends it with the answer of its process, if the OpenAPI document allows that.
   *
   * @param answer The answer.
   */
  answer(answer: Answer): void {
    const { config, operation } = this.route;
    if (this.#isDone) return;
    this.#hasAnswer = true;
    if (config.validateOut === "off" || !operation) return this.#send(answer);
    operation.validateAnswer(answer).then((violation) => {
      if (violation && !this.isDone) this.#judge(answer, violation);
      else this.#send(answer);
    }, (error) => {
      this.fail({ status: 500, detail: "the answer could not be checked", reason: `${error}` }, "fault");
    });
  }

  #send(answer: Answer): void {
    if (this.#isDone) return;
    this.responder.answer(this.route.config.stats ? this.#withStats(answer) : answer);
    this.#finish(answer.status, "answered");
  }

  #judge(answer: Answer, { errors }: Violation): void {
    const { config, metrics } = this.route;
    metrics.violation("out");
    getLogger("proxy").warn("answer against the document", { id: this.request.id, route: config.path, errors });
    if (config.validateOut !== "enforce") return this.#send(answer);
    const detail = "the program's answer is not what the API's document promises";
    this.fail({ status: 502, detail }, "answer refused");
  }

  #withStats(answer: Answer): Answer {
    const { usage } = this;
    if (!usage) return answer;
    const stats = `user=${usage.userTime / 1e6}, system=${usage.systemTime / 1e6}, maxrss=${usage.maxRss * 1024}`;
    return { ...answer, headers: [...answer.headers, ["urocket-stats", stats]] };
  }

  /**
   * Begins an answer whose end is not known.
   *
   * @param status Its status.
   * @param headers Its header fields.
   */
  begin(status: number, headers: HeaderList): void {
    if (this.#isDone) return;
    this.#status = status;
    this.responder.begin(status, headers);
  }

  /** Completes an answer that was begun. */
  end(): void {
    if (this.#isDone) return;
    this.responder.end();
    this.#finish(this.#status, "answered");
  }

  /** Ends it since its client has gone. */
  giveUp(): void {
    if (this.#isDone) return;
    this.#isAbandoned = true;
    this.route.metrics.cancelled();
    this.#finish(CLIENT_GONE, this.route.config.async ? "cancelled" : "client gone");
  }

  #finish(status: number, outcome: string, reason?: string): void {
    this.#isDone = true;
    const { request, route, pid, usage } = this;
    const ms = this.age;
    route.metrics.answered(status, ms / 1000);
    const cpu = usage && (usage.userTime + usage.systemTime) / 1000;
    const facts = { method: request.method, path: request.path, status, ms: Math.round(ms * 1000) / 1000, outcome };
    this.#observer.history.add({
      ...facts,
      time: this.#began.time,
      id: request.id,
      route: route.config.path,
      pid,
      cpu,
    });
    this.span?.end(this.#isAbandoned ? 0 : status, outcome);
    const failed = status >= 500;
    if (failed || this.#observer.accessLog) {
      const fields = { id: request.id, ...facts, ...(pid === undefined ? {} : { pid }), ...(reason ? { reason } : {}) };
      if (failed) getLogger("proxy").warn("request", fields);
      else getLogger("proxy").info("request", fields);
    }
    this.onDone();
  }
}
