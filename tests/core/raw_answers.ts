/**
 * What a kernel could answer, right or wrong, and a port that answers so.
 *
 * @module
 */

import { SystemError } from "../../src/core/errors.ts";
import { ERRNO } from "../../src/core/linux.ts";
import type { DiagPort } from "../../src/core/diag_port.ts";
import { decodeMessages, encodeMessage, NLM_F, NLMSG, Numbers } from "../../src/core/netlink.ts";
import { SOCK_DIAG_BY_FAMILY } from "../../src/core/unix_diag.ts";

/** Bytes one behind the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Numbers of 32 bits. */
export function u32(...numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

/** An attribute with what fills it up to a multiple of 4. */
export function attribute(type: number, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((4 + value.length + 3) & ~3);
  new DataView(bytes.buffer).setUint16(0, 4 + value.length, true);
  new DataView(bytes.buffer).setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
}

/** A socket as the kernel describes it. */
export interface RawSocket {
  type?: number;
  state?: number;
  inode: number;
  cookie?: bigint;
  attributes?: readonly Uint8Array[];
}

/** The body of an answer. */
export function describe(
  { type = 1, state = 1, inode, cookie = 0n, attributes = [] }: RawSocket,
): Uint8Array<ArrayBuffer> {
  const head = joined(
    Uint8Array.of(1, type, state, 0),
    u32(inode, Number(cookie & 0xffffffffn), Number(cookie >> 32n)),
  );
  return joined(head, ...attributes);
}

/** A message of an answer; its sequence is that of the request. */
export type Answer = (sequence: number) => Uint8Array<ArrayBuffer>;

/** One of several messages that describe sockets. */
export function socket(raw: RawSocket, flags: number = NLM_F.MULTI): Answer {
  return (sequence) => encodeMessage({ type: SOCK_DIAG_BY_FAMILY, flags, sequence, body: describe(raw) });
}

/** The end of a list. */
export function done(flags: number = NLM_F.MULTI, body: Uint8Array = u32(0)): Answer {
  return (sequence) => encodeMessage({ type: NLMSG.DONE, flags, sequence, body });
}

/** A failure. */
export function failure(errno: number): Answer {
  return (sequence) => encodeMessage({ type: NLMSG.ERROR, flags: 0, sequence, body: u32(-errno) });
}

/** What was asked. */
export interface Question {
  flags: number;
  sequence: number;
  states: number;
  inode: number;
  show: number;
}

/** A kernel that answers as it is told to: each question has its pieces, each piece its messages. */
export class ScriptedPort implements DiagPort {
  readonly #script: (Answer | Uint8Array)[][][];
  #pieces: Uint8Array[] = [];
  /** What was asked, in its order. */
  readonly questions: Question[] = [];

  constructor(...script: (Answer | Uint8Array)[][][]) {
    this.#script = script;
  }

  send(request: Uint8Array<ArrayBuffer>): void {
    const [{ flags, sequence, body }] = decodeMessages(request);
    const numbers = new Numbers(body, "a request");
    this.questions.push({
      flags,
      sequence,
      states: numbers.u32(4),
      inode: numbers.u32(8),
      show: numbers.u32(12),
    });
    const pieces = this.#script.shift() ?? [];
    this.#pieces = pieces.map((parts) =>
      joined(...parts.map((part) => typeof part === "function" ? part(sequence) : part))
    );
  }

  receive(): Uint8Array {
    const piece = this.#pieces.shift();
    if (!piece) throw new SystemError("recvmsg", ERRNO.EAGAIN);
    return piece;
  }
}
