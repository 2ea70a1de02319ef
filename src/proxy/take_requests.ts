/**
 * From what clients send to requests that may be answered; the rest is refused.
 *
 * @module
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { type Problem, problemAnswer } from "./problem.ts";
import { headFault, parserFault, RequestFault } from "./request_fault.ts";
import { answerWith, endWithAnswer, isEnding, LINGER_MS } from "./responder.ts";

/** Takes requests. */
export interface HttpHandler {
  /**
   * Answers a request.
   *
   * @param request The request.
   * @param response Its answer.
   * @param mayContinue Lets a client send its body that waits to be asked for it (Expect: 100-continue).
   */
  onRequest(request: IncomingMessage, response: ServerResponse, mayContinue: () => void): void;
}

/** How many requests have not been answered. */
export class Unanswered {
  #count = 0;
  #onNone: (() => void)[] = [];

  /** Counts one more; its answer is complete, or nobody waits for it, as soon as the response closes. */
  add(response: ServerResponse): void {
    this.#count++;
    response.once("close", () => {
      this.#count--;
      this.#look();
    });
  }

  /** Waits until there are none. */
  async none(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onNone.push(resolve);
    this.#look();
    await promise;
  }

  #look(): void {
    if (this.#count > 0) return;
    const told = this.#onNone;
    this.#onNone = [];
    for (const tell of told) tell();
  }
}

/** A request that is being answered. */
interface Open {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Lets a server hand its requests to a handler. What is none is refused here.
 *
 * @param server The server.
 * @param handler Takes requests.
 * @returns How many of them have not been answered.
 */
export function takeRequests(server: Server | TlsServer, handler: HttpHandler): Unanswered {
  const unanswered = new Unanswered();
  const connections = new WeakMap<Duplex, Set<Open>>();
  const openOn = (socket: Duplex): Set<Open> => {
    const known = connections.get(socket);
    if (known) return known;
    const open = new Set<Open>();
    connections.set(socket, open);
    // Those whose turn has not come yet do not hear of it otherwise.
    socket.once("close", () => open.forEach(({ response }) => response.emit("close")));
    return open;
  };
  const take = (request: IncomingMessage, response: ServerResponse, mayContinue: () => void): void => {
    if (isEnding(request.socket)) return;
    const open = openOn(request.socket);
    const one = { request, response };
    open.add(one);
    unanswered.add(response);
    response.once("close", () => open.delete(one));
    const fault = headFault(request);
    if (fault) return answerWith(response, problemAnswer(fault), true, request.method === "HEAD");
    handler.onRequest(request, response, mayContinue);
  };
  server.on("request", (request, response) => take(request, response, () => {}));
  server.on("checkContinue", (request, response) => take(request, response, () => response.writeContinue()));
  server.on("checkExpectation", ({ method }, response) => {
    const problem = { status: 417, detail: "100-continue is the only expectation that can be met" };
    answerWith(response, problemAnswer(problem), true, method === "HEAD");
  });
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
    const problem = parserFault(error);
    const [first, ...others] = connections.get(socket) ?? [];
    if (!first) return answerRaw(socket, problem);
    const { request, response } = first;
    if (isEnding(socket)) return void response.end();
    // Nothing may come into the middle of an answer, or before one that is due.
    const isReading = !request.complete && !response.headersSent && request.listenerCount("error") > 0;
    if (others.length > 0 || !isReading) return void socket.destroy();
    endWithAnswer(socket);
    request.emit("error", new RequestFault(problem));
  });
  server.on("connect", (_request, socket) => {
    if (connections.get(socket)?.size) return void socket.destroy();
    answerRaw(socket, { status: 501, detail: "this is the end of the way: there are no tunnels" });
  });
  return unanswered;
}

/** Answers who has not come to a request; nobody else looks after such a connection any more. */
function answerRaw(socket: Duplex, problem: Problem): void {
  const { status, headers, body } = problemAnswer(problem);
  const fields = [...headers, ["content-length", `${body.length}`], ["connection", "close"]];
  socket.on("error", () => {});
  socket.write(`HTTP/1.1 ${status} \r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  socket.end(body);
  // Read on, so that the answer is not lost by a reset; but not for as long as the client likes.
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
}
