/**
 * A part of a file as one packet or datagram.
 *
 * @module
 */

import { check } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { ERRNO, SO } from "./linux.ts";
import { MOVE, moved, upperHalf } from "./moving.ts";
import { native } from "./native.ts";
import { getNumber } from "./options.ts";

/** The smallest page of any machine: what lies within one lies within one of a larger kind. */
const PAGE_BYTES = 4096;

let scratch = new Uint8Array(65_536);

function roomFor(to: Fd, count: number): number {
  if (count <= scratch.length) return count;
  // No packet is as large as the send buffer, so the kernel refuses one that is cut off here.
  const most = Math.min(count, getNumber(to.number, SO.SNDBUF));
  if (most > scratch.length) scratch = new Uint8Array(most);
  return most;
}

function copyAndSend(to: Fd, file: Fd, offset: number, count: number): number {
  const most = roomFor(to, count);
  const read = native.ipcx_read_at(file.number, scratch, most, offset >>> 0, upperHalf(offset));
  // The same names for the same mistakes, however the file is sent.
  const size = check(read, "sendfile", { address: `to fd:${to.number}` });
  moved[0] = 0;
  if (size === 0) return MOVE.ENDED;
  const sent = native.ipcx_send_bytes(to.number, scratch, size, 0);
  if (sent === -ERRNO.EAGAIN) return MOVE.FULL;
  moved[0] = check(sent, "sendmsg");
  return MOVE.ENDED;
}

/**
 * Sends a packet, as one step of moving.
 *
 * sendfile(2) makes a packet of what its pipe holds: 16 pages, or 2 for a user
 * whose pipes have too many already, or 1 before Linux 6.5. One it is for sure.
 *
 * @param to The socket.
 * @param file The file.
 * @param offset Where to begin.
 * @param count How many bytes, 1 or more; fewer at the end of the file.
 * @returns One of `MOVE`; all is done with the first that is sent.
 * @throws {SystemError} As {@linkcode sendFile}.
 */
export function sendFilePacket(to: Fd, file: Fd, offset: number, count: number): number {
  if (offset % PAGE_BYTES + count > PAGE_BYTES) return copyAndSend(to, file, offset, count);
  const end = native.ipcx_send_file(to.number, file.number, offset >>> 0, upperHalf(offset), count, moved);
  check(end, "sendfile", { address: `to fd:${to.number}` });
  return end === MOVE.FULL ? MOVE.FULL : MOVE.ENDED;
}
