/**
 * A request as workers get it: a head and a body.
 *
 * @module
 */

import { ArgumentError } from "./arguments.ts";
import type { RouteConfig } from "./config.ts";
import { isFieldValue } from "./fields.ts";
import { formFields } from "./form_fields.ts";
import { payloadOf } from "./payload.ts";
import type { FrontRequest } from "./request.ts";
import { replyPath } from "./start_plan.ts";

/** What a worker is answered with when it asks for a request. */
export interface WorkerRequest {
  /** The header fields, name and value in turn. */
  readonly head: string[];
  /** The body. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A longer line is more than Python's http.client takes: no client may end workers by long header fields. */
const MOST_PARAMETERS = 60_000;

/** What cannot stand in a field is escaped, as JSON allows it. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Writes a request for a worker.
 *
 * @param request The request.
 * @param config Its route.
 * @returns What the worker is answered with.
 * @throws {PayloadError} If the body is not what the route expects.
 * @throws {ArgumentError} If its header fields are too long for a worker.
 */
export function workerRequest(request: FrontRequest, config: RouteConfig): WorkerRequest {
  const payload = payloadOf(request, config.inject.encoding);
  const { id, headers } = request;
  const parameters = asciiJson({ path: request.parameters, query: formFields(request.query), header: headers });
  if (parameters.length > MOST_PARAMETERS) throw new ArgumentError("the query or the header fields are too long", 431);
  const head = [
    "urocket-request-id",
    id,
    "urocket-method",
    request.method,
    "urocket-path",
    request.path,
    "urocket-query",
    request.query,
    "urocket-parameters",
    parameters,
    "urocket-reply-url",
    `http://localhost${replyPath(config, id)}`,
    "urocket-deadline-ms",
    `${config.inject.timeout}`,
    "content-length",
    `${payload.length}`,
  ];
  const type = headers["content-type"];
  if (type !== undefined && isFieldValue(type)) head.push("content-type", type);
  return { head, payload };
}
