/**
 * Who is at the other end, as the kernel says (SO_PEERCRED and kin, unix(7)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { SO, SOL_SOCKET } from "./linux.ts";
import { native } from "./native.ts";

/** A process as the kernel vouches for it. */
export interface Credentials {
  /** Its process id; 0 if it is in a pid namespace that this one does not see. */
  readonly pid: number;
  /** Its effective user id; 65534 if that is not known here. */
  readonly uid: number;
  /** Its effective group id. */
  readonly gid: number;
}

/**
 * Tells who connected, or who listened when we connected.
 *
 * These are the ids at the time of connect(2), listen(2) or socketpair(2); both
 * ends of a pair name the process that made it.
 *
 * @param fd A connected socket.
 * @returns The peer's credentials.
 * @throws {SystemError} If it is no socket.
 */
export function peerCredentialsOf(fd: number): Credentials {
  const slots = new Int32Array(3);
  check(native.ipcx_get_option(fd, SOL_SOCKET, SO.PEERCRED, slots, slots.byteLength), "getsockopt");
  return { pid: slots[0], uid: slots[1] >>> 0, gid: slots[2] >>> 0 };
}

/** The most groups that a process can have. */
const NGROUPS_MAX = 65536;
let groups: Uint32Array<ArrayBuffer> | undefined;

/**
 * Tells the supplementary groups of the peer at the time it connected.
 *
 * @param fd A connected socket.
 * @returns The group ids.
 * @throws {SystemError} ENODATA for a peer without credentials.
 */
export function peerGroupsOf(fd: number): number[] {
  groups ??= new Uint32Array(NGROUPS_MAX);
  const bytes = check(native.ipcx_get_option(fd, SOL_SOCKET, SO.PEERGROUPS, groups, groups.byteLength), "getsockopt");
  return Array.from(groups.subarray(0, bytes / 4));
}

/**
 * Opens a descriptor of the peer's process (SO_PEERPIDFD, Linux 6.5), which
 * unlike a pid is never reused for another process.
 *
 * @param fd A connected socket.
 * @returns The pidfd, owned by the caller.
 * @throws {SystemError} ENOPROTOOPT on older kernels, ESRCH if the peer is gone.
 */
export function peerPidfdOf(fd: number): Fd {
  const slot = new Int32Array(1);
  check(native.ipcx_get_option(fd, SOL_SOCKET, SO.PEERPIDFD, slot, slot.byteLength), "getsockopt");
  return new Fd(slot[0]);
}
