/**
 * One at a time among those who make socket files in a directory (flock(2)).
 *
 * Of two who find the same stale file, one would move aside what the other has
 * just bound in its place, if only for a moment, and either could believe that
 * the name is not its own.
 *
 * @module
 */

import type { UnixAddress } from "./address.ts";
import { Fd } from "./fd.ts";
import { native } from "./native.ts";
import { directoryOf } from "./reach.ts";

/** How long to wait for others, who need less than a millisecond; somebody malicious may never let go. */
const PATIENCE_MS = 500;

/**
 * Locks the directory of a socket file until disposed of. Those who do not lock
 * are not kept away; where a lock is not to be had, one goes on without.
 *
 * @param address Where the file will be; other addresses need no lock.
 * @returns The lock.
 */
export function lockDirectory(address: UnixAddress): Disposable {
  if (address.kind !== "path") return { [Symbol.dispose]() {} };
  const path = new TextEncoder().encode(`${directoryOf(address.filename)}\0`);
  const result = native.ipcx_lock_directory(path, PATIENCE_MS);
  return result < 0 ? { [Symbol.dispose]() {} } : new Fd(result);
}
