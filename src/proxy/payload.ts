/**
 * What the body of a request is made into before a process gets it.
 *
 * @module
 */

import type { Encoding } from "./config.ts";
import type { FrontRequest } from "./request.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });

const FORM = "application/x-www-form-urlencoded";

/** Thrown for a body that cannot be made into what its route asks for: the client's fault. */
export class PayloadError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "PayloadError";
}

function textOf(body: Uint8Array): string {
  try {
    return strict.decode(body);
  } catch {
    throw new PayloadError("the body is not UTF-8");
  }
}

function isForm({ headers }: FrontRequest): boolean {
  return (headers["content-type"] ?? "").split(";")[0].trim().toLowerCase() === FORM;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch (error) {
    if (error instanceof PayloadError) throw error;
    throw new PayloadError("the body is no JSON");
  }
}

/** Several fields of one name become a list. */
function formToJson(text: string): string {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : [before, value].flat());
  }
  return JSON.stringify(Object.fromEntries(fields));
}

function jsonToForm(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PayloadError("only a JSON object can be made into a form");
  }
  const form = new URLSearchParams();
  for (const [name, field] of Object.entries(value)) {
    for (const one of Array.isArray(field) ? field : [field]) {
      if (typeof one === "object" && one !== null) {
        throw new PayloadError(`'${name}' holds an object, which no form can`);
      }
      form.append(name, one === null ? "" : String(one));
    }
  }
  return `${form}`;
}

/**
 * Makes a body into what the process of its route expects.
 *
 * @param request The request.
 * @param encoding `"json"` and `"form"` turn one into the other where need be; `"raw"` leaves bytes as they are.
 * @returns The payload; empty if there is no body.
 * @throws {PayloadError} If it cannot be made into that.
 */
export function payloadOf(request: FrontRequest, encoding: Encoding): Uint8Array<ArrayBuffer> {
  const { body } = request;
  if (encoding === "raw" || body.length === 0) return body;
  if (encoding === "json") {
    if (isForm(request)) return encoder.encode(formToJson(textOf(body)));
    parsed(body);
    return body;
  }
  return isForm(request) ? body : encoder.encode(jsonToForm(parsed(body)));
}
