/**
 * Finding a process once and for all: by its pidfd, where the kernel has it, or by its number.
 *
 * @module
 */

import type { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { check, SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";
import { ProcessFolder } from "./process_folder.ts";
import { parseProcessIds } from "./process_ids.ts";

/** A process that is held, and whether it is certain to be the one that is meant. */
export interface Held {
  /** Its pidfd. */
  pidfd: Fd;
  /** Whether the kernel says that it is. */
  isVouchedFor: boolean;
}

/**
 * Holds a process that is known by its number only, as before Linux 6.5.
 *
 * It may have ended before it is held, and another one have its number: what can
 * be seen then is whether that one is of the same user.
 *
 * @param credentials The process.
 * @returns Its pidfd, owned by the caller, which is perhaps another one's.
 * @throws {SystemError} ESRCH if it has ended, is not to be seen from here, or is another user's by now.
 */
export function holdByNumber({ pid, uid }: Credentials): Fd {
  if (pid === 0) throw new SystemError("pidfd_open", ERRNO.ESRCH, { pid });
  const pidfd = new Fd(check(native.ipcx_pidfd_open(pid), "pidfd_open", { pid }));
  try {
    using folder = ProcessFolder.open(pidfd);
    const { uids } = parseProcessIds(folder.readText("status"));
    if (!Object.values(uids).includes(uid)) throw new SystemError("pidfd_open", ERRNO.ESRCH, { pid });
    return pidfd;
  } catch (error) {
    pidfd.close();
    throw error;
  }
}

/**
 * Holds the process that connected, listened where we connected, or made the pair.
 *
 * @param endpoint The socket.
 * @param credentials What it says of its peer.
 * @returns The process, whose pidfd is the caller's.
 * @throws {SystemError} ENODATA for a socket without a peer; ESRCH where only a living one is known.
 */
export function holdPeerOf(endpoint: Endpoint, credentials: Credentials): Held {
  try {
    return { pidfd: endpoint.openPeerPidfd(), isVouchedFor: true };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // Kernels differ in what they say of a peer that is gone.
    if (error.errno === ERRNO.ESRCH || error.errno === ERRNO.EINVAL) {
      throw new SystemError(error.syscall, ERRNO.ESRCH, { pid: credentials.pid });
    }
    if (error.code !== "ENOPROTOOPT") throw error;
  }
  return { pidfd: holdByNumber(credentials), isVouchedFor: false };
}
