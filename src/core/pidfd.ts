/**
 * A process by its pidfd: whether it is there, and signals to no other (pidfd_send_signal(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { EPOLL, ERRNO } from "./linux.ts";
import { native } from "./native.ts";

/**
 * Sends a signal to a process; no other one can be hit.
 *
 * @param pidfd The process.
 * @param number The signal's number.
 * @param pid Its process id, for messages.
 * @returns Whether it was there to get it.
 * @throws {SystemError} EPERM if it is another user's.
 */
export function sendSignal(pidfd: Fd, number: number, pid: number): boolean {
  const result = native.ipcx_signal(pidfd.number, number);
  if (result === -ERRNO.ESRCH) return false;
  check(result, "pidfd_send_signal", { pid });
  return true;
}

/**
 * Tells whether a process has not been reaped yet.
 *
 * @param pidfd Its pidfd.
 * @returns Whether it is there, if only as a zombie.
 */
export function isThere(pidfd: number): boolean {
  const result = native.ipcx_signal(pidfd, 0);
  return result === 0 || result === -ERRNO.EPERM;
}

/**
 * Tells whether a process has ended, reaped or not.
 *
 * @param pidfd Its pidfd; it may be in a pid namespace that is not to be seen from here.
 * @returns Whether none of its threads runs any more.
 */
export function hasEnded(pidfd: number): boolean {
  return (check(native.ipcx_poll(pidfd, EPOLL.IN), "poll") & EPOLL.IN) !== 0;
}
