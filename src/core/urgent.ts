/**
 * Bytes out of band on a stream (MSG_OOB of send(2), recv(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";

/**
 * Sends an urgent byte.
 *
 * @param fd The socket.
 * @param byte The byte, 0–255.
 * @returns Whether there was room.
 * @throws {SystemError} EOPNOTSUPP, EPIPE.
 */
export function sendUrgentNow(fd: number, byte: number): boolean {
  const result = native.ipcx_send_urgent(fd, byte);
  if (result === -ERRNO.EAGAIN) return false;
  check(result, "send");
  return true;
}

/**
 * Takes the urgent byte.
 *
 * @param fd The socket.
 * @returns The byte, or `undefined` if there is none.
 * @throws {SystemError} EOPNOTSUPP.
 */
export function receiveUrgentNow(fd: number): number | undefined {
  const result = native.ipcx_receive_urgent(fd);
  // EINVAL is what the kernel says where there is none, and always with SO_OOBINLINE.
  if (result === -ERRNO.EAGAIN || result === -ERRNO.EINVAL) return undefined;
  return check(result, "recv");
}
