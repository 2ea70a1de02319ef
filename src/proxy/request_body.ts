/**
 * The body of a request, as a whole.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import { GrowingBytes } from "./growing_bytes.ts";
import type { Problem } from "./problem.ts";
import { RequestFault } from "./request_fault.ts";

const NOTHING = new Uint8Array();

/** Who is told. */
export interface BodyHandler {
  /** All of it has arrived. */
  onBody(body: Uint8Array<ArrayBuffer>): void;
  /** It has more bytes than it may have; no more of it is taken. */
  onTooLarge(): void;
  /** The rest of it will not be read: it is malformed, or was too slow. The client is there still. */
  onFault(problem: Problem): void;
  /** It did not arrive in full: the client has gone. */
  onGone(): void;
}

/**
 * Tells how long the body of a request is.
 *
 * @param request The request.
 * @returns Its bytes; `undefined` if it will be known at its end only.
 */
export function bodyLength({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"] ?? 0);
}

/**
 * Reads the body of a request.
 *
 * @param request The request.
 * @param maxBytes How many bytes it may have.
 * @param mayContinue Asks for it: a client may wait for that before it sends anything.
 * @param handler Who is told, once.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  mayContinue: () => void,
  handler: BodyHandler,
): void {
  const length = bodyLength(request);
  if (length === 0) return handler.onBody(NOTHING);
  if (length !== undefined && length > maxBytes) return handler.onTooLarge();
  mayContinue();
  // A copy in any case: what Node gives may be part of a larger buffer that others share.
  const bytes = new GrowingBytes();
  let isOver = false;
  const finish = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    request.removeAllListeners("data");
    tell();
  };
  request.on("data", (piece: Uint8Array) => {
    if (bytes.length + piece.length > maxBytes) return finish(() => handler.onTooLarge());
    bytes.push(piece);
  });
  request.on("end", () => finish(() => handler.onBody(bytes.whole)));
  request.on("error", (error) => {
    finish(() => error instanceof RequestFault ? handler.onFault(error.problem) : handler.onGone());
  });
  request.on("close", () => finish(() => handler.onGone()));
}
