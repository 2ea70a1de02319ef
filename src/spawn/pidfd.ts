/**
 * Signals by pidfd (pidfd_send_signal(2)).
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";

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
