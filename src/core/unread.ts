/**
 * What was sent and not read yet.
 *
 * @module
 */

import { check } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { SO, SOL_SOCKET } from "./linux.ts";
import { native } from "./native.ts";

/** The slots of SO_MEMINFO, of which the third counts what was sent (SK_MEMINFO_WMEM_ALLOC). */
const slots = new Uint32Array(16);
const SENT = 2;

/**
 * Tells how much of the kernel's memory is taken up by what was sent through a
 * Unix socket and not read by its peer yet. It is the sender's to answer for, and
 * so are the descriptors in it.
 *
 * @param fd The socket, which stays the caller's.
 * @returns The bytes, more than were sent; 0 when all was read.
 * @throws {SystemError} ENOTSOCK.
 */
export function unreadBytes(fd: Fd): number {
  check(native.ipcx_get_option(fd.number, SOL_SOCKET, SO.MEMINFO, slots, slots.byteLength), "getsockopt");
  return slots[SENT];
}
