/**
 * What a process sends to the reply socket, as an answer to its request.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import { parseExactly } from "./exact_json.ts";
import { isFieldName, isFieldValue } from "./fields.ts";
import type { Answer } from "./request.ts";

const strict = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** What curl says of any data, whatever it is. */
const CURLS_TYPE = "application/x-www-form-urlencoded";

const STATUS = "urocket-status";
const CONTENT_TYPE = "urocket-content-type";
const HEADER_PREFIX = "urocket-header-";

/** Thrown for what is no answer: the process is told, and may try again. */
export class ReplyError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "ReplyError";
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return strict.decode(body);
  } catch {
    return undefined;
  }
}

function isJson(text: string | undefined): boolean {
  try {
    JSON.parse(text ?? "");
    return true;
  } catch {
    return false;
  }
}

/** What it looks like. */
function guessType(body: Uint8Array): string {
  const text = textOf(body);
  if (isJson(text)) return "application/json";
  return text === undefined ? "application/octet-stream" : "text/plain; charset=utf-8";
}

function statusOf(text: string | undefined): number {
  if (text === undefined) return 200;
  if (!/^[2-5]\d\d$/.test(text)) throw new ReplyError(`${STATUS} is a number from 200 to 599, not '${text}'`);
  return Number(text);
}

/**
 * Reads the answer of a process.
 *
 * @param request How it was sent.
 * @param body Its body.
 * @param contentType The media type that the route gives to what names none.
 * @returns The answer.
 * @throws {ReplyError} If its status or a header field is none.
 */
export function replyOf(
  { headers, rawHeaders }: IncomingMessage,
  body: Uint8Array<ArrayBuffer>,
  contentType?: string,
): Answer {
  const status = statusOf(headers[STATUS] as string | undefined);
  const fields: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (!name.startsWith(HEADER_PREFIX)) continue;
    const own = rawHeaders[at].slice(HEADER_PREFIX.length);
    if (!isFieldName(own) || !isFieldValue(rawHeaders[at + 1])) throw new ReplyError(`'${name}' is no header field`);
    fields.push([own, rawHeaders[at + 1]]);
  }
  const sent = headers["content-type"];
  const type = headers[CONTENT_TYPE] as string | undefined ??
    (sent === undefined || sent === CURLS_TYPE ? contentType ?? guessType(body) : sent);
  const hasType = fields.some(([name]) => name.toLowerCase() === "content-type");
  return { status, headers: body.length === 0 || hasType ? fields : [["content-type", type], ...fields], body };
}

/**
 * Makes the answer that the first URocket would have given: JSON written anew, `false` for anything else.
 *
 * @param body What the process sent.
 * @returns The answer.
 */
export function compatibleReply(body: Uint8Array): Answer {
  const text = textOf(body);
  const headers = [["content-type", "application/json"]] as const;
  try {
    return { status: 200, headers, body: encoder.encode(JSON.stringify(parseExactly(text ?? ""))) };
  } catch {
    // It is no JSON, or is nested deeper than anybody can follow.
    return { status: 500, headers, body: encoder.encode("false") };
  }
}
