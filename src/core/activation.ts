/**
 * Sockets that a service manager opened for us (sd_listen_fds(3)).
 *
 * @module
 */

import { Fd } from "./fd.ts";

const FIRST = 3;

/** What a service manager says to this process, and not to its children. */
export const MANAGER_VARIABLES = [
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
] as const;

/** A descriptor that was passed by a service manager. */
export interface ActivatedFd {
  /** The descriptor, owned by the caller. */
  fd: Fd;
  /** Its name from LISTEN_FDNAMES; `"unknown"` where there is none. */
  name: string;
}

/**
 * Tells whether a service manager has passed descriptors to this process, and they were not taken yet.
 *
 * @returns Whether LISTEN_FDS is there, and LISTEN_PID is our pid.
 */
export function hasActivatedFds(): boolean {
  const [pid, count] = ["LISTEN_PID", "LISTEN_FDS"].map((name) => Deno.env.get(name));
  return pid !== undefined && count !== undefined && Number(pid) === Deno.pid;
}

/**
 * Takes the descriptors that LISTEN_FDS announces.
 *
 * They are passed to us only if LISTEN_PID is our pid. The variables are removed
 * from the environment, so that no child takes them for its own.
 *
 * @returns The descriptors in their order, each close-on-exec; none if none were passed.
 * @throws {Error} If the variables contradict each other.
 * @throws {SystemError} EBADF if an announced descriptor is not open.
 */
export function takeActivatedFds(): ActivatedFd[] {
  if (!hasActivatedFds()) return [];
  const [count, names] = ["LISTEN_FDS", "LISTEN_FDNAMES"].map((name) => Deno.env.get(name));
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) Deno.env.delete(name);
  if (!/^\d{1,5}$/.test(count!)) throw new Error(`LISTEN_FDS=${count}: it must be the number of descriptors`);
  const labels = names ? names.split(":") : [];
  if (names && labels.length !== Number(count)) {
    throw new Error(`LISTEN_FDNAMES has ${labels.length} names for LISTEN_FDS=${count} descriptors`);
  }
  const taken: ActivatedFd[] = [];
  try {
    for (let at = 0; at < Number(count); at++) {
      taken.push({ fd: Fd.inherit(FIRST + at), name: labels[at] || "unknown" });
    }
  } catch (error) {
    for (const { fd } of taken) fd.close();
    throw error;
  }
  return taken;
}
