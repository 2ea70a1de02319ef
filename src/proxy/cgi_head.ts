/**
 * The head that a CGI program writes before its body (RFC 3875, 6).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { isFieldName, isFieldValue } from "./fields.ts";
import type { HeaderList } from "./request.ts";

/** The most bytes that a head may have. */
export const MAX_HEAD_BYTES = 65_536;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** A head, and where the body begins. */
export interface CgiHead {
  /** The status; 200 if the program names none, 302 if only a location. */
  status: number;
  /** The other fields, in order. */
  headers: HeaderList;
  /** How many bytes the head takes, its empty line included. */
  length: number;
}

/** Thrown for what is no head. */
export class CgiHeadError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "CgiHeadError";
}

/** Where the first empty line ends; −1 if there is none yet. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0) return -1;
    if (newline === at || (newline === at + 1 && bytes[at] === RETURN)) return newline + 1;
    at = newline + 1;
  }
  return -1;
}

/** A character for each byte, as Node wants it; what TextDecoder calls latin1 is windows-1252. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** Without the blanks around it; trim() would take bytes of UTF-8 for blanks, too. */
function withoutBlanks(text: string): string {
  let from = 0, to = text.length;
  while (from < to && (text[from] === " " || text[from] === "\t")) from++;
  while (to > from && (text[to - 1] === " " || text[to - 1] === "\t")) to--;
  return text.slice(from, to);
}

function statusOf(value: string): number {
  const status = Number(/^([2-5]\d\d)(?: |$)/.exec(value)?.[1]);
  if (Number.isNaN(status)) throw new CgiHeadError("'Status' does not begin with a number from 200 to 599");
  return status;
}

/**
 * Reads a head.
 *
 * @param bytes What the program has written so far.
 * @param isAll Whether it will write no more.
 * @returns The head; `undefined` if more is needed.
 * @throws {CgiHeadError} If it is none, or has more than {@linkcode MAX_HEAD_BYTES}.
 */
export function readCgiHead(bytes: Uint8Array, isAll: boolean): CgiHead | undefined {
  const length = endOfHead(bytes);
  if (length < 0 && bytes.length <= MAX_HEAD_BYTES && !isAll) return undefined;
  if (length > MAX_HEAD_BYTES || (length < 0 && !isAll)) {
    throw new CgiHeadError(`the head has more than ${MAX_HEAD_BYTES} bytes`);
  }
  if (length < 0) throw new CgiHeadError("the output has no empty line after its head");
  const headers: [string, string][] = [];
  let status: number | undefined;
  for (const line of latin1(bytes.subarray(0, length)).split("\n")) {
    const text = line.replace(/\r$/, "");
    if (text === "") continue;
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(0, colon));
    const value = withoutBlanks(text.slice(colon + 1));
    if (!isFieldName(name) || !isFieldValue(value)) throw new CgiHeadError("a line of the head is no 'Name: value'");
    if (name.toLowerCase() === "status") status = statusOf(value);
    else headers.push([name, value]);
  }
  const isRedirect = headers.some(([name]) => name.toLowerCase() === "location");
  return { status: status ?? (isRedirect ? 302 : 200), headers, length };
}
