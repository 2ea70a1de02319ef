/**
 * How large a packet can be, and making that more (unix(7), socket(7)).
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import { SO } from "../core/linux.ts";
import { setNumber } from "../core/options.ts";
import type { UnixSocket } from "../core/socket.ts";

/** What the kernel takes of the send buffer for itself. */
const OVERHEAD = 32;

/**
 * Tells how large a packet or datagram of a socket can be.
 *
 * @param socket The socket.
 * @returns Bytes; `Infinity` for a stream.
 */
export function largestPacket(socket: UnixSocket): number {
  return socket.type === "stream" ? Infinity : socket.getOption("sendBuffer") - OVERHEAD;
}

/**
 * Says that something is too large.
 *
 * @param name What.
 * @param largest What {@linkcode largestPacket} has told.
 * @returns The error.
 */
export function tooLarge(name: string, largest: number): Error {
  return new Error(
    `${name} has more than the ${largest} bytes that a packet can have with this send buffer; --send-buffer raises that`,
  );
}

/**
 * Makes sure of a large enough send buffer.
 *
 * @param socket The socket.
 * @param bytes How large.
 * @throws {Error} If the kernel gives less: only root may go beyond net.core.wmem_max.
 */
export function raiseSendBuffer(socket: UnixSocket, bytes: number): void {
  // The kernel doubles what is set.
  const value = Math.ceil(bytes / 2);
  try {
    setNumber(socket.fd.number, SO.SNDBUFFORCE, value);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== "EPERM") throw error;
    socket.setOption("sendBuffer", value);
  }
  const given = socket.getOption("sendBuffer");
  if (given >= bytes) return;
  throw new Error(
    `the kernel gives a send buffer of ${given} bytes, not of ${bytes}: ` +
      "it is limited to twice net.core.wmem_max, except for root",
  );
}
