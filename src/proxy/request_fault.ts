/**
 * What is no request, or none that may be let in: by HTTP itself, whatever its route.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Problem } from "./problem.ts";

/** By the error of the parser. */
const FAULTS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: "the header fields are too large" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: "the request did not arrive in time" },
};
const NO_REQUEST: Problem = { status: 400, detail: "that is no request by HTTP/1.1" };

/** What is told to whoever reads a body when the rest of it will not come, or is none. */
export class RequestFault extends Error {
  override name = "RequestFault";

  /**
   * Wraps a problem.
   *
   * @param problem What is wrong.
   */
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/**
 * Tells what is wrong with what could not be read.
 *
 * @param error What the parser says.
 * @returns The problem.
 */
export function parserFault({ code }: { readonly code?: string }): Problem {
  return FAULTS[code ?? ""] ?? NO_REQUEST;
}

function count(names: readonly string[], name: string): number {
  let found = 0;
  for (let at = 0; at < names.length; at += 2) {
    if (names[at].length === name.length && names[at].toLowerCase() === name) found++;
  }
  return found;
}

/**
 * Looks for what the parser lets through although it must be refused (RFC 9112, 3.2 and 6.1).
 *
 * @param request The request; its body need not have arrived.
 * @returns What is wrong, if anything is.
 */
export function headFault({ httpVersion, headers, rawHeaders }: IncomingMessage): Problem | undefined {
  const hosts = count(rawHeaders, "host");
  if (hosts > 1 || (hosts === 0 && httpVersion === "1.1")) {
    return { status: 400, detail: "a request by HTTP/1.1 names one host" };
  }
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return undefined;
  // Whoever passed such a request on may see its end elsewhere.
  if (httpVersion !== "1.1") return { status: 400, detail: "Transfer-Encoding is of HTTP/1.1" };
  if (coding.toLowerCase() === "chunked") return undefined;
  return { status: 501, detail: "chunked is the only transfer coding that is understood" };
}
