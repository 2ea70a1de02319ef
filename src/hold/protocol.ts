/**
 * What a holder and its clients say to each other: JSON, one value a packet, one
 * reply for each request. Descriptors travel with the packet that names them, in
 * the order of the names.
 *
 * @module
 */

import { MAX_FDS_PER_MESSAGE } from "../core/linux.ts";
import type { HeldDescriptor } from "./held_descriptor.ts";
import { HOLD_FAILURES, type HoldFailure } from "./hold_error.ts";
import type { HolderStatus } from "./holder.ts";
import { checkExpiry } from "./limits.ts";
import { checkName } from "./names.ts";

/** The most names in one request: as many as a packet can carry descriptors. */
export const MAX_NAMES: number = MAX_FDS_PER_MESSAGE;

/** Room for as many names of the longest kind, each of whose characters JSON may write as two. */
export const MAX_REQUEST_BYTES = 160 * 1024;

/** Room for a page of a list and one entry more, with the longest path. */
export const MAX_REPLY_BYTES = 256 * 1024;

/** What a client asks for. */
export type HoldRequest =
  | { op: "store"; names: string[]; expire?: number; replace: boolean }
  | { op: "retrieve" | "take" | "drop"; names: string[] }
  | { op: "list"; after?: string }
  | { op: "status" };

/** What a holder answers. */
export type HoldReply =
  | { ok: false; error: HoldFailure; message: string }
  | { ok: true; held?: HeldDescriptor[]; more?: boolean; status?: HolderStatus };

const FIELDS: Readonly<Record<HoldRequest["op"], readonly string[]>> = {
  store: ["names", "expire", "replace"],
  retrieve: ["names"],
  take: ["names"],
  drop: ["names"],
  list: ["after"],
  status: [],
};

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("it is no object");
  return value as Record<string, unknown>;
}

function namesOf(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new TypeError("names is a list of names");
  if (value.length > MAX_NAMES) throw new RangeError(`names has ${value.length} names; ${MAX_NAMES} is the most`);
  return value.map((name) => {
    if (typeof name !== "string") throw new TypeError("names is a list of names");
    return checkName(name);
  });
}

function refuseRepeated(names: readonly string[]): string[] {
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new TypeError(`names has '${repeated}' twice`);
  return [...names];
}

function storeRequest({ names, expire, replace = false }: Record<string, unknown>): HoldRequest {
  if (expire !== undefined && typeof expire !== "number") throw new TypeError("expire is a number of milliseconds");
  if (typeof replace !== "boolean") throw new TypeError("replace is true or false");
  const request: HoldRequest = { op: "store", names: refuseRepeated(namesOf(names)), replace };
  return expire === undefined ? request : { ...request, expire: checkExpiry(expire) };
}

/**
 * Makes sure that a value is a request.
 *
 * @param value What came.
 * @returns The request.
 * @throws {TypeError} Saying what is wrong with it.
 * @throws {RangeError} The same, for what is out of its range.
 */
export function readRequest(value: unknown): HoldRequest {
  const { op, ...fields } = fieldsOf(value);
  if (typeof op !== "string" || !Object.hasOwn(FIELDS, op)) {
    throw new TypeError(`op is one of ${Object.keys(FIELDS).join(", ")}`);
  }
  const kind = op as HoldRequest["op"];
  const unknown = Object.keys(fields).find((name) => !FIELDS[kind].includes(name));
  if (unknown !== undefined) throw new TypeError(`${op} has no ${JSON.stringify(unknown)}`);
  switch (kind) {
    case "store":
      return storeRequest(fields);
    case "retrieve":
      return { op: kind, names: namesOf(fields.names) };
    case "take":
    case "drop":
      return { op: kind, names: refuseRepeated(namesOf(fields.names)) };
    case "list":
      if (fields.after === undefined) return { op: kind };
      if (typeof fields.after !== "string") throw new TypeError("after is a name");
      return { op: kind, after: fields.after };
    case "status":
      return { op: kind };
  }
}

/**
 * Makes sure that a value is a reply.
 *
 * @param value What came.
 * @returns The reply; what it lists is not looked at.
 * @throws {TypeError} If it is none.
 */
export function readReply(value: unknown): HoldReply {
  const reply = fieldsOf(value);
  if (reply.ok === true) return reply as HoldReply;
  if (reply.ok !== false) throw new TypeError("ok is true or false");
  if (!HOLD_FAILURES.includes(reply.error as HoldFailure)) {
    throw new TypeError(`error is one of ${HOLD_FAILURES.join(", ")}`);
  }
  if (typeof reply.message !== "string") throw new TypeError("message is a text");
  return reply as HoldReply;
}
