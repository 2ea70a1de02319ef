/**
 * Lines of JSON as messages.
 *
 * @module
 */

import { type Input, linesOf } from "./input_bytes.ts";
import { textOf } from "./payload_text.ts";
import type { FileMode } from "./sent_descriptors.ts";
import { descriptor } from "./values.ts";

/** A descriptor that goes along: one that ipcx was started with, or a file to be opened. */
export type JsonFd = { fd: number } | { file: string; mode?: FileMode };

/** A message as a line says it. */
export interface JsonMessage {
  /** The payload. */
  data: Uint8Array<ArrayBuffer>;
  /** What goes along. */
  fds: JsonFd[];
}

const MODES = ["read", "write", "append", "read-write"];
const encoder = new TextEncoder();

/** A byte may take six in JSON, and there is what stands around the payload. */
const BYTES_PER_BYTE = 6;
const ROOM_AROUND = 65536;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuseOthers(value: Record<string, unknown>, known: readonly string[], where: string): void {
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw new Error(`${where} has no '${other}', only ${known.join(", ")}`);
}

function fdFrom(value: unknown): JsonFd {
  const form = 'a descriptor is {"fd":N} or {"file":PATH,"mode":MODE}';
  if (!isObject(value)) throw new Error(form);
  if ("fd" in value) {
    refuseOthers(value, ["fd"], form);
    if (!Number.isInteger(value.fd) || (value.fd as number) < 0) throw new Error(form);
    return { fd: descriptor(`${value.fd}`) };
  }
  refuseOthers(value, ["file", "mode"], form);
  const { file, mode } = value;
  if (typeof file !== "string" || file === "") throw new Error(form);
  if (file.includes("\0")) throw new Error("a path has no NUL");
  if (mode !== undefined && !MODES.includes(mode as string)) throw new Error(`a mode is one of ${MODES.join(", ")}`);
  return { file, mode: mode as FileMode | undefined };
}

function payloadFrom({ data, base64 }: Record<string, unknown>): Uint8Array<ArrayBuffer> {
  if (typeof data === "string" && base64 === undefined) {
    if (data.isWellFormed()) return encoder.encode(data);
    throw new Error('"data" has half a surrogate pair, which UTF-8 has not; send other bytes as "base64"');
  }
  if (typeof base64 !== "string" || data !== undefined) {
    throw new Error('a message has "data", a text, or "base64"');
  }
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw new Error('what is behind "base64" is no Base64');
  }
}

/**
 * Reads one message.
 *
 * @param line The line.
 * @returns The message.
 * @throws {Error} If it is none; it says what would be one.
 */
export function messageFrom(line: string): JsonMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Error(`no JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new Error('a message is {"data":TEXT} or {"base64":TEXT}, and may have "fds"');
  refuseOthers(value, ["data", "base64", "fds"], "a message");
  const { fds = [] } = value;
  if (!Array.isArray(fds)) throw new Error('"fds" is a list');
  return { data: payloadFrom(value), fds: fds.map(fdFrom) };
}

/**
 * Reads messages, one a line; empty lines are passed over.
 *
 * @param input UTF-8.
 * @param maxBytes The most bytes of a message: that bounds the line.
 * @returns Each message, and the number of its line.
 * @throws {Error} For a line that is none, with its number.
 */
export async function* messagesFrom(
  input: Input,
  maxBytes: number,
): AsyncIterableIterator<{ line: number; message: JsonMessage }> {
  for await (const { number, bytes } of linesOf(input, BYTES_PER_BYTE * maxBytes + ROOM_AROUND)) {
    const text = textOf(bytes);
    if (text?.trim() === "") continue;
    let message: JsonMessage;
    try {
      if (text === undefined) throw new Error("it is no UTF-8");
      message = messageFrom(text);
    } catch (error) {
      throw new Error(`line ${number} of ${input.name}: ${(error as Error).message}`);
    }
    yield { line: number, message };
  }
}
