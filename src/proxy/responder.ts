/**
 * Where the answer to a request goes: to the client, as it comes or as a whole.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, HeaderList } from "./request.ts";

/** Takes the answer to one request. */
export interface Responder {
  /** Whether the answer has begun: its status can no longer be another one. */
  readonly hasBegun: boolean;
  /** Whether nothing more is taken: it is complete, or nobody is there any more. */
  readonly isOver: boolean;
  /** Whether an answer can be given piece by piece. */
  readonly canStream: boolean;
  /** Told when the client has gone before the answer was complete. */
  onGone: () => void;
  /** Told when there is room again after {@linkcode write} said that there is none. */
  onDrain: () => void;
  /** Told that the request was let in: nothing refuses it at once any more. */
  admitted?(): void;
  /** Told that it does not wait any more. */
  started?(): void;
  /** Gives the whole answer. */
  answer(answer: Answer): void;
  /** Begins an answer whose length is not known. */
  begin(status: number, headers: HeaderList): void;
  /** Gives a piece; returns whether the next one may follow at once. The bytes must not change any more. */
  write(piece: Uint8Array<ArrayBuffer>): boolean;
  /** Completes an answer that was begun. */
  end(): void;
  /** Breaks an answer off so that the client notices. */
  abort(): void;
}

/** What the gateway decides about the connection itself (RFC 9110, 7.6.1). */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const NOTHING = new Uint8Array();

/** Answers to these have no body (RFC 9110, 6.4.1 and 15.3.6). */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** @returns The length to tell, of a body whose length may not be known. */
function lengthOf(status: number, bytes?: number): number | undefined {
  if (status === 205) return 0;
  return hasNoBody(status) ? undefined : bytes;
}

function ownHeaders(headers: HeaderList, length: number | undefined, close: boolean): string[] {
  const list: string[] = [];
  for (const [name, value] of headers) {
    if (!OWN_HEADERS.has(name.toLowerCase())) list.push(name, value);
  }
  if (length !== undefined) list.push("content-length", `${length}`);
  if (close) list.push("connection", "close");
  return list;
}

/** Connections that end with an answer: what is asked for behind that is not looked at (RFC 9112, 9.6). */
const ending = new WeakSet<object>();

/** How long whoever sends what was refused may go on, so as to find the answer, in milliseconds. */
export const LINGER_MS = 1000;

/**
 * Tells whether a connection ends with an answer that has been given already.
 *
 * @param socket The connection.
 * @returns Whether it does.
 */
export function isEnding(socket: object): boolean {
  return ending.has(socket);
}

/**
 * Ends a connection with its next answer.
 *
 * @param socket The connection; nothing more is read from it.
 */
export function endWithAnswer(socket: object): void {
  ending.add(socket);
}

/**
 * Ends an answer whose connection ends, too. To close that while the client
 * still sends would reset it, and the answer might be lost (RFC 9112, 9.6).
 */
function endGently(response: ServerResponse): void {
  const { req: request } = response;
  const { socket } = request;
  const wasEnding = ending.has(socket);
  ending.add(socket);
  // Who waits to be asked for its body sends nothing.
  if (request.complete || wasEnding || request.headers.expect !== undefined) return void response.end();
  const timer = setTimeout(() => response.end(), LINGER_MS);
  request.once("end", () => response.end());
  response.once("close", () => clearTimeout(timer));
  request.resume();
}

/** How much is given to a connection at once: whether that is taken tells whether anybody reads. */
const PIECE_BYTES = 65_536;

/** Gives the bytes of an answer that has begun, as fast as they are taken. */
function giveAll(response: ServerResponse, content: Uint8Array, onGiven: () => void): void {
  let at = 0;
  const give = (): void => {
    while (at < content.length) {
      if (!response.write(content.subarray(at, at += PIECE_BYTES))) return void response.once("drain", give);
    }
    onGiven();
  };
  give();
}

/**
 * Gives a whole answer.
 *
 * @param response Whose.
 * @param answer The answer.
 * @param closes Whether the connection ends with it.
 * @param isHead Whether only its head was asked for.
 */
export function answerWith(
  response: ServerResponse,
  { status, headers, body }: Answer,
  closes = false,
  isHead = false,
): void {
  response.writeHead(status, ownHeaders(headers, lengthOf(status, body.length), closes));
  const content = isHead || hasNoBody(status) ? NOTHING : body;
  if (!closes && content.length <= PIECE_BYTES) return void response.end(content);
  if (content.length === 0) response.flushHeaders();
  giveAll(response, content, () => closes ? endGently(response) : response.end());
}

/** Answers a client by HTTP. */
export class ClientResponder implements Responder {
  onGone: () => void = () => {};
  onDrain: () => void = () => {};
  readonly canStream = true;
  /** Whether the connection is to end with this answer. */
  closes = false;
  readonly #response: ServerResponse;
  readonly #isHead: boolean;
  #isBodiless: boolean;
  #begun = false;
  #ended = false;
  #gone = false;

  /**
   * Watches over a client.
   *
   * @param request What it asked.
   * @param response What it is answered with.
   */
  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#response = response;
    this.#isHead = this.#isBodiless = request.method === "HEAD";
    response.on("close", () => {
      if (this.isOver) return;
      this.#gone = true;
      this.onGone();
    });
    response.on("drain", () => this.onDrain());
    response.on("error", () => {});
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  get isOver(): boolean {
    return this.#ended || this.#gone;
  }

  answer(answer: Answer): void {
    if (this.isOver || this.#begun) return;
    this.#begun = this.#ended = true;
    answerWith(this.#response, answer, this.closes, this.#isHead);
  }

  begin(status: number, headers: HeaderList): void {
    if (this.isOver || this.#begun) return;
    this.#begun = true;
    this.#isBodiless ||= hasNoBody(status);
    this.#response.writeHead(status, ownHeaders(headers, lengthOf(status), this.closes));
    // Unlike what flushHeaders() does, this sends them as Latin-1, so that bytes stay as they are.
    if (!this.#isBodiless) this.#response.write(NOTHING);
  }

  write(piece: Uint8Array<ArrayBuffer>): boolean {
    if (this.isOver || this.#isBodiless) return true;
    return this.#response.write(piece);
  }

  end(): void {
    if (this.isOver) return;
    this.#ended = true;
    this.#response.end();
  }

  abort(): void {
    if (this.isOver) return;
    this.#ended = true;
    this.#response.destroy();
  }
}
