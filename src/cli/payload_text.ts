/**
 * Bytes that came from elsewhere, written so that no terminal takes them for commands.
 *
 * @module
 */

import { escapeBytes } from "../core/address.ts";
import { printable } from "../core/fd_description.ts";

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

/**
 * Makes a line of JSON.
 *
 * @param value What to write.
 * @returns The line, which no terminal obeys.
 */
export function jsonLine(value: unknown): string {
  return `${escaped(JSON.stringify(value))}\n`;
}

/**
 * Writes a payload for a person.
 *
 * @param data The bytes.
 * @returns Text on one line, with `\xHH` for what is not plain.
 */
export function payloadText(data: Uint8Array): string {
  const text = textOf(data);
  return text === undefined ? escapeBytes(data) : printable(text);
}

/**
 * Makes a line of JSON of a message.
 *
 * @param data Its payload: text if it is some, Base64 otherwise.
 * @param others What else is told of it.
 * @returns The line.
 */
export function payloadJson(data: Uint8Array, others: Readonly<Record<string, unknown>>): string {
  const text = textOf(data);
  const payload = text === undefined ? { base64: data.toBase64() } : { data: text };
  return jsonLine({ ...payload, ...others });
}
