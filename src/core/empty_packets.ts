/**
 * Telling an empty packet from the end of the connection, of both of which
 * recvmsg(2) says 0.
 *
 * A packet comes with its sender's name, if it has one; the end comes with
 * nothing. Where the sender has no name there can be a time stamp, which costs a
 * tenth of the throughput.
 *
 * @module
 */

import { NAME_SIZE, SO } from "./linux.ts";
import { native } from "./native.ts";
import { setNumber, type SocketType } from "./options.ts";

const name = new Uint8Array(NAME_SIZE);
const CHOSEN_BY_THE_KERNEL = new Uint8Array();

/**
 * Gives a SEQPACKET socket a name, so that its peer need not ask for time stamps.
 *
 * @param fd The socket, not bound yet. It is left as it is if all names are taken.
 */
export function nameSender(fd: number): void {
  native.ipcx_bind(fd, CHOSEN_BY_THE_KERNEL, 0);
}

/** How the end of a connection is known: `enum ipcx_end` in ffi/ipcx.h. */
export const END = { NEVER: 0, HAS_NO_NAME: 1, HAS_NO_STAMP: 2 } as const;

/** One of {@linkcode END}. */
export type End = typeof END[keyof typeof END];

/**
 * Has the kernel add to each packet what the end of the connection has not.
 *
 * @param fd The socket.
 * @param type Its type.
 * @returns What that is; datagrams have no end, and a stream no empty messages.
 * @throws {SystemError} If it is no socket.
 */
export function tellEmptyFromEnd(fd: number, type: SocketType): End {
  if (type !== "seqpacket") return END.NEVER;
  if (native.ipcx_name(fd, 1, name) > 0) return END.HAS_NO_NAME;
  setNumber(fd, SO.TIMESTAMP, 1);
  return END.HAS_NO_STAMP;
}
