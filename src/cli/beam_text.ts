/**
 * Messages as lines: for people, and as JSON.
 *
 * @module
 */

import { escapeBytes } from "../core/address.ts";
import type { Credentials } from "../core/credentials.ts";
import { describeFd, fdText, printable } from "../core/fd_description.ts";
import type { Message } from "../core/message.ts";

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads bytes as text.
 *
 * @param bytes The bytes.
 * @returns The text, or `undefined` if they are no UTF-8.
 */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Written out, control and format characters are left to no terminal. */
function escaped(json: string): string {
  return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    let written = "";
    for (let at = 0; at < character.length; at++) {
      written += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }
    return written;
  });
}

/** The payload in JSON: as text if it is some, in Base64 otherwise. */
function payloadJson(data: Uint8Array): { data: string } | { base64: string } {
  const text = textOf(data);
  return text === undefined ? { base64: data.toBase64() } : { data: text };
}

/**
 * Makes a line of JSON of a message.
 *
 * @param message The message, which keeps its descriptors.
 * @param peer Who was at the other end when the connection was made.
 * @returns The line.
 */
export function jsonLine(message: Message, peer: Credentials): string {
  const fds = message.fds.map(describeFd);
  const { pid, uid, gid } = peer;
  const surplus = message.controlTruncated ? { surplusClosed: true } : {};
  return `${escaped(JSON.stringify({ ...payloadJson(message.data), fds, ...surplus, pid, uid, gid }))}\n`;
}

/**
 * Makes a line for a person of a message.
 *
 * @param message The message, which keeps its descriptors.
 * @returns The line: the payload, and what its descriptors stand for.
 */
export function textLine(message: Message): string {
  const text = textOf(message.data);
  const payload = text === undefined ? escapeBytes(message.data) : printable(text);
  const fds = message.fds.map((fd) => fdText(describeFd(fd)));
  if (message.controlTruncated) fds.push("others were closed");
  return fds.length > 0 ? `${payload}  [${fds.join(", ")}]\n` : `${payload}\n`;
}

/**
 * What an error says to somebody who gives options.
 *
 * @param error What was thrown.
 * @returns Its message.
 */
export function messageOf(error: unknown): string {
  return (error as Error).message.replaceAll("maxBytes", "--max-bytes").replaceAll("maxFds", "limit");
}
