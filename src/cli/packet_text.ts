/**
 * Messages of bare sockets, printed: for people, as JSON, as digits, as they are.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { Credentials } from "../core/credentials.ts";
import { describeFd, fdText, printable } from "../core/fd_description.ts";
import type { Message } from "../core/message.ts";
import type { Format } from "./packets_table.ts";
import { payloadJson, payloadText } from "./payload_text.ts";

/** What is known of a message beside itself. */
export interface Circumstances {
  /** Who was at the other end when the connection was made, if there is one; nobody answers to a name then. */
  peer?: Credentials;
  /** Whether people are told who sent it. */
  tellsSender?: boolean;
}

/** Names that the peer has chosen must not look like what stands around them. */
function enclosed(text: string): string {
  return text.replaceAll(/[[\],]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
}

/** An abstract name is written in printable characters anyway. */
function nameText(name: UnixAddress): string {
  return name.kind === "path" ? printable(`${name}`) : `${name}`;
}

/** What is told of a message in front of it; what the kernel vouches for comes first. */
function remarks(message: Message, { peer, tellsSender }: Circumstances): string {
  const { credentials, from, fds, length, data } = message;
  const told: string[] = [];
  if (tellsSender && credentials) {
    told.push(`pid ${credentials.pid}`, `uid ${credentials.uid}`, `gid ${credentials.gid}`);
  }
  if (message.truncated) told.push(`${data.length} of ${length} bytes`);
  if (message.fdsLost) told.push("descriptors lost");
  if (tellsSender && from && !peer) told.push(`from ${enclosed(nameText(from))}`);
  told.push(...fds.map((fd) => enclosed(fdText(describeFd(fd)))));
  return told.length > 0 ? `[${told.join(", ")}]` : "";
}

/** A line begins with a bracket only if it is ours. */
function unlikeRemarks(payload: string): string {
  return payload.startsWith("[") ? `\\x5b${payload.slice(1)}` : payload;
}

function line(...parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join(" ")}\n`;
}

function jsonLine(message: Message, { peer }: Circumstances): string {
  const { credentials, from } = message;
  return payloadJson(message.data, {
    length: message.length,
    ...(message.truncated ? { truncated: true } : {}),
    fds: message.fds.map(describeFd),
    ...(message.fdsLost ? { fdsLost: true } : {}),
    ...(credentials ? { pid: credentials.pid, uid: credentials.uid, gid: credentials.gid } : {}),
    ...(from && !peer ? { from: `${from}` } : {}),
    ...(peer ? { peer: { pid: peer.pid, uid: peer.uid, gid: peer.gid } } : {}),
  });
}

/**
 * Writes a message.
 *
 * Whatever a peer sends, it cannot make one line look like two, speak to the
 * terminal, or pass for what is told of it, except with `"raw"`.
 *
 * @param message The message, which keeps its descriptors.
 * @param format How.
 * @param circumstances What is known beside it.
 * @returns What to print.
 */
export function written(message: Message, format: Format, circumstances: Circumstances): string | Uint8Array {
  switch (format) {
    case "raw":
      return message.data;
    case "json":
      return jsonLine(message, circumstances);
    case "hex":
      return line(remarks(message, circumstances), message.data.toHex());
    case "text":
      return line(remarks(message, circumstances), unlikeRemarks(payloadText(message.data)));
  }
}

/**
 * Says what of a message was lost.
 *
 * @param message The message.
 * @returns A sentence, or `undefined` if it is all there.
 */
export function lossOf(message: Message): string | undefined {
  if (message.truncated) {
    return `a message of ${message.length} bytes was cut to ${message.data.length}: --max-bytes takes more of them`;
  }
  if (message.fdsLost) {
    return "the kernel could not deliver a message's descriptors: RLIMIT_NOFILE of the receiver is reached";
  }
  return undefined;
}
