/**
 * What a process prints, as the answer to its request.
 *
 * The answer is held back until the process has ended, but only for a moment:
 * short answers then have a length and an honest status, long ones flow as they
 * come.
 *
 * @module
 */

import { CgiHeadError, readCgiHead } from "./cgi_head.ts";
import type { RouteConfig } from "./config.ts";
import { GrowingBytes } from "./growing_bytes.ts";
import type { Answer, HeaderList } from "./request.ts";

/** How long output is held back before the answer begins without an end in sight, in milliseconds. */
const HOLD_MS = 5;

/** How much is held back at most, in bytes. */
const HOLD_BYTES = 65_536;

const DEFAULT_TYPE = "text/plain; charset=utf-8";

/** Who is told of the answer. */
export interface AnswerSink {
  /** Whether an answer may be given piece by piece. */
  readonly canStream: boolean;
  /** It begins. */
  begin(status: number, headers: HeaderList): void;
  /** It goes on. The bytes do not change any more. */
  write(piece: Uint8Array<ArrayBuffer>): void;
  /** It is none, or more than the limit allows: no more is taken. */
  failed(reason: "too large" | CgiHeadError): void;
}

/** The output of one process. */
export class StdoutAnswer {
  readonly #route: RouteConfig;
  readonly #sink: AnswerSink;
  #held = new GrowingBytes();
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: "holding" | "flowing" | "over" = "holding";

  /**
   * Begins to take output.
   *
   * @param route How it is to be read.
   * @param sink Who is told.
   */
  constructor(route: RouteConfig, sink: AnswerSink) {
    this.#route = route;
    this.#sink = sink;
  }

  /** Whether the answer has begun to flow. */
  get isFlowing(): boolean {
    return this.#state === "flowing";
  }

  /**
   * Takes output.
   *
   * @param bytes The bytes; not kept.
   */
  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state === "over") return;
    this.#bytes += bytes.length;
    if (this.#bytes > this.#route.limits.output) {
      this.stop();
      return this.#sink.failed("too large");
    }
    if (this.#state === "flowing") return this.#sink.write(bytes.slice());
    this.#held.push(bytes);
    if (!this.#sink.canStream) return;
    if (this.#held.length >= HOLD_BYTES) this.#flow();
    else this.#timer ??= setTimeout(() => this.#flow(), HOLD_MS);
  }

  /** @returns The head, and the body as far as it is there; `undefined` if the head is not complete yet, or is none. */
  #parts(isAll: boolean): Answer | undefined {
    try {
      return this.#read(isAll);
    } catch (error) {
      if (!(error instanceof CgiHeadError)) throw error;
      this.stop();
      this.#sink.failed(error);
    }
  }

  #read(isAll: boolean): Answer | undefined {
    const { whole } = this.#held;
    const type: HeaderList = [["content-type", this.#route.contentType ?? DEFAULT_TYPE]];
    if (this.#route.output === "body") return { status: 200, headers: type, body: whole };
    const head = readCgiHead(whole, isAll);
    if (!head) return undefined;
    const hasType = head.headers.some(([name]) => name.toLowerCase() === "content-type");
    const body = whole.subarray(head.length);
    const headers = hasType || body.length === 0 ? head.headers : [...type, ...head.headers];
    return { status: head.status, headers, body };
  }

  #flow(): void {
    this.#timer = undefined;
    if (this.#state !== "holding") return;
    const parts = this.#parts(false);
    if (!parts) return;
    this.#state = "flowing";
    this.#sink.begin(parts.status, parts.headers);
    if (parts.body.length > 0) this.#sink.write(parts.body);
    this.#held = new GrowingBytes();
  }

  /**
   * Gives the answer if it is still held back; call it when there is no more output.
   *
   * @returns The whole answer, or `undefined` if it flows already, was stopped, or is none.
   */
  finish(): Answer | undefined {
    if (this.#state !== "holding") return undefined;
    this.stop();
    return this.#parts(true);
  }

  /** Takes no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#state = "over";
  }
}
