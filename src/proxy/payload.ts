/**
 * What the body of a request is made into before a process gets it.
 *
 * @module
 */

import type { Encoding } from "./config.ts";
import { parseExactly, WrittenNumber } from "./exact_json.ts";
import { formFields } from "./form_fields.ts";
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

function parsed(body: Uint8Array, parse: (text: string) => unknown): unknown {
  const text = textOf(body);
  try {
    return parse(text);
  } catch {
    throw new PayloadError("the body is no JSON");
  }
}

/** Whether a text is a JSON object or list: of forms none begins so that was encoded as one. */
function isJsonStructure(text: string): boolean {
  if (!/^[ \t\r\n]*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonToForm(value: unknown): string {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || value instanceof WrittenNumber) {
    throw new PayloadError("only a JSON object can be made into a form");
  }
  const form = new URLSearchParams();
  for (const [name, field] of Object.entries(value)) {
    for (const one of Array.isArray(field) ? field : [field]) {
      if (typeof one === "object" && one !== null && !(one instanceof WrittenNumber)) {
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
    if (!isForm(request)) {
      parsed(body, JSON.parse);
      return body;
    }
    const text = textOf(body);
    // curl -d calls everything a form.
    return isJsonStructure(text) ? body : encoder.encode(JSON.stringify(formFields(text)));
  }
  return isForm(request) ? body : encoder.encode(jsonToForm(parsed(body, parseExactly)));
}
