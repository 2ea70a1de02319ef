/**
 * Which errors tell that another connection may do what this one did not.
 *
 * @module
 */

import { isPeerGone } from "../../core/errors.ts";
import { BeamError } from "../errors.ts";
import { NoServiceError } from "./no_service.ts";

/**
 * Tells whether an error means that a connection broke before its work was done.
 *
 * Whoever sees the end of a connection too early says so with
 * `Deno.errors.UnexpectedEof`.
 *
 * @param error What was thrown; its causes count, too.
 * @returns `true` for EPIPE and ECONNRESET, also as Deno's own errors, for a
 * {@linkcode BeamError} `"cut-off"`, and for `UnexpectedEof`.
 */
export function isBrokenConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isPeerGone(error) || (error instanceof BeamError && error.code === "cut-off")) return true;
  const { BrokenPipe, ConnectionReset, UnexpectedEof } = Deno.errors;
  if ([BrokenPipe, ConnectionReset, UnexpectedEof].some((kind) => error instanceof kind)) return true;
  return error.cause !== undefined && isBrokenConnection(error.cause);
}

/**
 * Tells whether nobody answered who may be back in a moment.
 *
 * @param error What dialling threw.
 * @returns `true` for a {@linkcode NoServiceError} `"unanswered"`.
 */
export function isUnanswered(error: unknown): boolean {
  return error instanceof NoServiceError && error.reason === "unanswered";
}

/**
 * Begins to judge errors, one after the other, of connections to the same name.
 *
 * @returns What tells whether to try again: after a broken connection and if
 * nobody answered; and, once a connection has broken, also if the name is
 * refused, as it is by a service that is just coming back.
 */
export function breakages(): (error: unknown) => boolean {
  let hasBroken = false;
  return (error) => {
    if (error instanceof NoServiceError) return error.reason !== "ended" && (hasBroken || isUnanswered(error));
    const isBroken = isBrokenConnection(error);
    hasBroken ||= isBroken;
    return isBroken;
  };
}
