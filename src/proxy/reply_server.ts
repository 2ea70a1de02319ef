/**
 * The reply socket: where processes answer, by HTTP over a Unix socket.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { peerOf } from "./peers.ts";
import type { PendingRequest, PendingRequests } from "./pending.ts";
import { problemAnswer } from "./problem.ts";
import { compatibleReply, ReplyError, replyOf } from "./reply.ts";
import { readBody } from "./request_body.ts";
import { splitTarget } from "./request_target.ts";
import { answerWith } from "./responder.ts";
import { dropRuntimeSpan } from "./runtime_span.ts";
import type { HttpHandler } from "./take_requests.ts";

/** Where workers ask for their next request. */
export interface NextHandler {
  /**
   * Answers a worker as soon as there is a request for it.
   *
   * @param token What it has named itself by; `undefined` if only the kernel tells who it is.
   * @param pid Who asks, as the kernel says.
   * @param response What it is answered with.
   */
  onNext(token: string | undefined, pid: number, response: ServerResponse): void;
}

/** What holds for the answers of all processes. */
export interface ReplySettings {
  /** Whether answers have the texts of the first URocket. */
  readonly strictCompat: boolean;
  /** Paths with `{req_id}`, beside the two that always hold. */
  readonly paths: readonly string[];
}

const ALWAYS = ["/urhttp/{req_id}", "/{req_id}"];
/** What an id looks like. */
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const NEXT = /^\/next(?:\/([^/]+))?$/;

/** Takes what processes send. */
export class ReplyHandler implements HttpHandler {
  readonly #pending: PendingRequests;
  readonly #next: NextHandler;
  #patterns: readonly (readonly [before: string, after: string])[] = [];
  #strictCompat = false;

  /**
   * Begins to take answers.
   *
   * @param pending Who waits for them.
   * @param next Whom workers ask.
   */
  constructor(pending: PendingRequests, next: NextHandler) {
    this.#pending = pending;
    this.#next = next;
  }

  /** Sets where answers are taken, and how they are confirmed. */
  set settings({ strictCompat, paths }: ReplySettings) {
    this.#strictCompat = strictCompat;
    const all = new Set([...paths, ...ALWAYS]);
    this.#patterns = Array.from(all, (path) => path.split("{req_id}") as [string, string]);
  }

  onRequest(request: IncomingMessage, response: ServerResponse, mayContinue: () => void): void {
    // Deno would make a trace of its own of each answer.
    dropRuntimeSpan(response);
    const [path] = splitTarget(request.url ?? "/");
    const next = NEXT.exec(path);
    if (next && request.method === "GET") return this.#next.onNext(next[1], peerOf(request), response);
    const ids = this.#idsIn(path);
    if (ids.length === 0) return this.#refuse(response, 404, "not handled");
    if (request.method === "GET" || request.method === "HEAD") {
      const headers = [["allow", "POST, PUT"]] as const;
      return answerWith(
        response,
        problemAnswer({ status: 405, detail: "an answer is sent with POST or PUT", headers }),
      );
    }
    const id = ids.find((one) => this.#pending.find(one) !== undefined);
    const found = id === undefined ? undefined : this.#pending.find(id);
    if (id === undefined || found === undefined) return this.#refuse(response, 404, "Does not match any response");
    if (found === "answered") return this.#refuse(response, 409, "the request has been answered");
    if (found.replyFrom === "anyone") return this.#take(id, found, request, response, mayContinue);
    found.whenStarted(() => {
      if (found.mayAnswer(peerOf(request))) this.#take(id, found, request, response, mayContinue);
      else this.#refuse(response, 403, "only the process of the request, and what came of it, may answer");
    });
  }

  /** The patterns overlap: all readings of a path. */
  #idsIn(path: string): string[] {
    return this.#patterns.flatMap(([before, after]) => {
      if (!path.startsWith(before) || !path.endsWith(after)) return [];
      const id = path.slice(before.length, Math.max(before.length, path.length - after.length));
      // Nothing else tells that a path of one part is meant to be an id.
      const isId = before === "/" && after === "" ? ID.test(id) : /^[^/]+$/.test(id);
      return isId ? [id] : [];
    });
  }

  #take(
    id: string,
    found: PendingRequest,
    request: IncomingMessage,
    response: ServerResponse,
    mayContinue: () => void,
  ): void {
    readBody(request, found.maxBytes, mayContinue, {
      onBody: (body) => {
        try {
          const answer = this.#strictCompat ? compatibleReply(body) : replyOf(request, body, found.contentType);
          if (this.#pending.answer(id, answer)) this.#confirm(response);
          else {this.#refuse(
              response,
              this.#pending.find(id) ? 409 : 404,
              "the request has been answered, or has ended",
            );}
        } catch (error) {
          if (!(error instanceof ReplyError)) throw error;
          this.#refuse(response, 400, error.message);
        }
      },
      onTooLarge: () => {
        this.#refuse(response, 413, `an answer has at most ${found.maxBytes} bytes`, true);
        // Somebody else may have been quicker, and then this one does not matter.
        if (this.#pending.find(id) === found) found.onTooLarge();
      },
      onFault: ({ status, detail }) => this.#refuse(response, status, detail, true),
      onGone: () => {},
    });
  }

  #confirm(response: ServerResponse): void {
    response.writeHead(200, ["content-type", "text/plain", "content-length", "3"]);
    response.end("ok\n");
  }

  #refuse(response: ServerResponse, status: number, detail: string, closes = false): void {
    if (this.#strictCompat && (status === 404 || status === 409)) {
      // What the first URocket said, and so what its users' programs expect.
      const text = detail === "not handled" ? "not handled\n" : "Does not match any response\n";
      response.writeHead(200, ["content-type", "text/plain", "content-length", `${text.length}`]);
      return void response.end(text);
    }
    answerWith(response, problemAnswer({ status, detail }), closes);
  }
}
