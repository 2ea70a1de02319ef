/**
 * A beam's messages as lines: for people, and as JSON.
 *
 * @module
 */

import type { Credentials } from "../core/credentials.ts";
import type { Message } from "../core/message.ts";
import { describeFd, fdText } from "../core/fd_description.ts";
import { payloadJson, payloadText } from "./payload_text.ts";

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
  return payloadJson(message.data, { fds, ...surplus, pid, uid, gid });
}

/**
 * Makes a line for a person of a message.
 *
 * @param message The message, which keeps its descriptors.
 * @returns The line: the payload, and what its descriptors stand for.
 */
export function textLine(message: Message): string {
  const payload = payloadText(message.data);
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
