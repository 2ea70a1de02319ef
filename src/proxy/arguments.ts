/**
 * Arguments and variables of a process, with what a request puts into them.
 *
 * Each template stays one argument, whatever is put into it: nothing is split,
 * nothing goes through a shell.
 *
 * @module
 */

import type { Template, TemplatePart } from "./config.ts";
import type { FrontRequest } from "./request.ts";
import { asSent, plainest, QueryFields } from "./wire_text.ts";

const encoder = new TextEncoder();

/** The most bytes that one argument, or one variable with its name, may have (MAX_ARG_STRLEN, execve(2)), less its NUL. */
export const MAX_ARGUMENT_BYTES = 131_071;

/** What a request fills templates with. */
export interface Filling {
  /** The request. */
  readonly request: FrontRequest;
  /** What its body was made into. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Its query, taken apart when it is first asked for. */
  query?: QueryFields;
}

/** Thrown for what no argument can hold: the client's fault. */
export class ArgumentError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "ArgumentError";

  /**
   * Says what is wrong.
   *
   * @param message What.
   * @param status The status for the client: 400, or 413 or 431 for what is too long.
   */
  constructor(message: string, readonly status: 400 | 413 | 431) {
    super(message);
  }
}

/** Names come from the configuration and from clients: `constructor` is one like any other. */
function valueIn(values: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(values, name) ? values[name] : "";
}

function valueOf(part: TemplatePart, filling: Filling): string | Uint8Array {
  const { request } = filling;
  switch (part.kind) {
    case "text":
      return part.text;
    case "payload":
      return filling.payload;
    case "req_id":
      return request.id;
    case "path":
      return valueIn(request.parameters, part.name);
    case "query":
      return (filling.query ??= new QueryFields(request.query)).get(part.name);
    case "header":
      return asSent(valueIn(request.headers, part.name.toLowerCase()));
  }
}

function joined(parts: readonly (string | Uint8Array)[]): string | Uint8Array {
  if (parts.every((part) => typeof part === "string")) return parts.join("");
  const bytes = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return plainest(whole);
}

function checked(value: string | Uint8Array, extraBytes: number): string | Uint8Array {
  const hasNul = typeof value === "string" ? value.includes("\0") : value.includes(0);
  if (hasNul) throw new ArgumentError("a NUL byte cannot be passed on a command line or in a variable", 400);
  // Three bytes are the most that a UTF-16 unit becomes: short texts need not be measured.
  const bound = typeof value === "string" ? 3 * value.length : value.length;
  if (bound + extraBytes <= MAX_ARGUMENT_BYTES) return value;
  const bytes = (typeof value === "string" ? encoder.encode(value).length : value.length) + extraBytes;
  if (bytes <= MAX_ARGUMENT_BYTES) return value;
  throw new ArgumentError(`an argument or variable holds at most ${MAX_ARGUMENT_BYTES} bytes, not ${bytes}`, 413);
}

/**
 * Fills in a template.
 *
 * @param template The template.
 * @param filling What to fill it with.
 * @param name The variable it is the value of, which takes part of the room.
 * @returns One argument, as bytes where it is no text.
 * @throws {ArgumentError} If it has a NUL, or more than {@linkcode MAX_ARGUMENT_BYTES} bytes.
 */
export function fill(template: Template, filling: Filling, name?: string): string | Uint8Array {
  if (template.length === 1 && template[0].kind === "text") return template[0].text;
  const extra = name === undefined ? 0 : encoder.encode(name).length + 1;
  return checked(joined(template.map((part) => valueOf(part, filling))), extra);
}

/**
 * Makes an argument, or a variable's value, of a payload.
 *
 * @param payload The payload.
 * @param name The variable's name.
 * @returns It, as bytes where it is no text.
 * @throws {ArgumentError} If it has a NUL, or too many bytes.
 */
export function payloadArgument(payload: Uint8Array, name?: string): string | Uint8Array {
  return checked(plainest(payload), name === undefined ? 0 : name.length + 1);
}

/**
 * Tells whether a template holds the payload.
 *
 * @param template The template.
 * @returns Whether it does.
 */
export function holdsPayload(template: Template): boolean {
  return template.some(({ kind }) => kind === "payload");
}
