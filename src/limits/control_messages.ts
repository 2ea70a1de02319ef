/**
 * Control messages, as they lie in memory (cmsg(3)).
 *
 * @module
 */

import { Fd } from "../core/fd.ts";
import { SOL_SOCKET } from "../core/linux.ts";

/** Types of control messages. */
export const SCM = { RIGHTS: 1, CREDENTIALS: 2, PIDFD: 4, TIMESTAMP: 29 } as const;

const HEADER_BYTES = 16;
const ALIGNMENT = 8;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The room that a control message takes (CMSG_SPACE). */
export function spaceFor(bytes: number): number {
  return HEADER_BYTES + aligned(bytes);
}

/**
 * Lays out descriptors to be sent.
 *
 * @param numbers The descriptors, of each message.
 * @returns As many control messages.
 */
export function rights(...numbers: readonly number[][]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(numbers.reduce((sum, { length }) => sum + spaceFor(4 * length), 0));
  let at = 0;
  for (const each of numbers) {
    new BigUint64Array(bytes.buffer, at, 1)[0] = BigInt(HEADER_BYTES + 4 * each.length);
    new Int32Array(bytes.buffer, at + 8, 2 + each.length).set([SOL_SOCKET, SCM.RIGHTS, ...each]);
    at += spaceFor(4 * each.length);
  }
  return bytes;
}

/** A control message that came. */
export interface ControlMessage {
  readonly type: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/**
 * Takes received control messages apart.
 *
 * @param control What recvmsg(2) has put there.
 * @returns The messages, each with a copy of its data.
 */
export function messagesIn(control: Uint8Array): ControlMessage[] {
  const bytes = control.slice();
  const messages: ControlMessage[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const length = Number(new BigUint64Array(bytes.buffer, at, 1)[0]);
    const [, type] = new Int32Array(bytes.buffer, at + 8, 2);
    messages.push({ type, data: bytes.slice(at + HEADER_BYTES, at + length) });
    at += aligned(length);
  }
  return messages;
}

/** Owns the descriptors that came along with a message. */
export class ReceivedFds implements Disposable {
  /** The descriptors. */
  readonly fds: readonly Fd[];

  /**
   * Takes them over.
   *
   * @param control What recvmsg(2) has put there.
   */
  constructor(control: Uint8Array) {
    this.fds = messagesIn(control).filter(({ type }) => type === SCM.RIGHTS || type === SCM.PIDFD)
      .flatMap(({ data }) => Array.from(new Int32Array(data.buffer)))
      .filter((number) => number >= 0).map((number) => new Fd(number));
  }

  /** Closes them. */
  [Symbol.dispose](): void {
    for (const fd of this.fds) fd.close();
  }
}
