/**
 * What a client is told when there is no answer (RFC 9457).
 *
 * @module
 */

import type { Answer, HeaderList, Violation } from "./request.ts";

const encoder = new TextEncoder();

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  507: "Insufficient Storage",
};

/** Why a request has no answer of its process. */
export interface Problem {
  /** The status. */
  readonly status: number;
  /** What happened, for the client: no paths, no secrets. */
  readonly detail: string;
  /** What the log says instead, where it may say more. */
  readonly reason?: string;
  /** Header fields, such as Retry-After. */
  readonly headers?: HeaderList;
  /** Each fault of the request. */
  readonly errors?: Violation["errors"];
}

/**
 * Writes a problem as an answer.
 *
 * @param problem What happened.
 * @param id The id of the request, if it has one already.
 * @returns The answer, `application/problem+json`.
 */
export function problemAnswer(problem: Problem, id?: string): Answer {
  const { status, detail, errors, headers = [] } = problem;
  const body = {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail,
    ...(id === undefined ? {} : { instance: `urn:uuid:${id}` }),
    ...(errors ? { errors } : {}),
  };
  return {
    status,
    headers: [["content-type", "application/problem+json"], ...headers],
    body: encoder.encode(`${JSON.stringify(body)}\n`),
  };
}

/**
 * Makes a problem of what the OpenAPI document forbids.
 *
 * @param violation What is wrong.
 * @returns The problem.
 */
export function violationProblem({ status, detail, errors }: Violation): Problem {
  return { status, detail, errors };
}
