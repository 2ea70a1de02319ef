/**
 * What the old process and the new one say to each other, one JSON packet each.
 *
 * The new one asks; the old one offers its listener for handovers, then the
 * descriptors by their names; the new one is ready; the old one says that all is
 * its own now. At any time the old one may refuse instead. An end of the
 * connection without a word is the end of the process on the other side.
 *
 * @module
 */

import type { FileIdentity } from "../core/directory_entry.ts";
import { type HandoverReason, REASONS } from "./errors.ts";

/** The version of what is said; a refusal is the same in all of them. */
export const VERSION = 1;

/** The most characters of a descriptor's name. */
export const MAX_NAME_LENGTH = 255;

/** The most descriptors in a packet, so that their names always fit into one. */
export const FDS_PER_PACKET = 64;

/** More than any of these packets has. */
export const MAX_PACKET_BYTES = 131_072;

/** How state is passed on: in a file that comes along, or not at all. */
export type StateKind = "none" | "json" | "bytes";

/** What the new process says. */
export type Request =
  | { readonly type: "ask"; readonly version: number }
  | { readonly type: "ready" };

/** What the old process says. */
export type Reply =
  | { readonly type: "refuse"; readonly reason: HandoverReason; readonly message: string }
  /** With the listener for handovers, and the state if there is one. */
  | {
    readonly type: "offer";
    readonly state: StateKind;
    readonly file: FileIdentity | null;
    /** How many descriptors follow. */
    readonly count: number;
  }
  /** With as many descriptors, in the same order. */
  | { readonly type: "descriptors"; readonly names: readonly string[] }
  | { readonly type: "yours" };

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new TypeError("not an object");
  return value as Fields;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isIdentity(value: unknown): value is FileIdentity {
  const { dev, ino } = fieldsOf(value);
  return typeof dev === "number" && typeof ino === "number";
}

/**
 * Tells whether a descriptor can have a name.
 *
 * @param name The name.
 * @returns Whether it is text of 1–255 characters.
 */
export function isName(name: unknown): name is string {
  return typeof name === "string" && name.length >= 1 && name.length <= MAX_NAME_LENGTH;
}

/**
 * Makes sure that a packet is one of a new process.
 *
 * @param value What came.
 * @returns The same.
 * @throws {TypeError} If it is none.
 */
export function checkRequest(value: unknown): Request {
  const { type, version } = fieldsOf(value);
  if (type === "ready") return { type };
  if (type === "ask" && isCount(version)) return { type, version };
  throw new TypeError("not what a new version says");
}

/**
 * Makes sure that a packet is one of an old process.
 *
 * @param value What came.
 * @returns The same.
 * @throws {TypeError} If it is none.
 */
export function checkReply(value: unknown): Reply {
  const { type, ...rest } = fieldsOf(value);
  if (type === "yours") return { type };
  if (type === "refuse") {
    const reason = REASONS.find((one) => one === rest.reason);
    if (reason && typeof rest.message === "string") return { type, reason, message: rest.message };
  }
  if (type === "offer") {
    const state = (["none", "json", "bytes"] as const).find((one) => one === rest.state);
    const { file, count } = rest;
    if (state && (file === null || isIdentity(file)) && isCount(count)) return { type, state, file, count };
  }
  if (type === "descriptors") {
    const { names } = rest;
    if (Array.isArray(names) && names.length <= FDS_PER_PACKET && names.every(isName)) return { type, names };
  }
  throw new TypeError("not what an old version says");
}
