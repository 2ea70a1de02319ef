/**
 * When a lock was taken: told by a second socket, which is called after it.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { Fd } from "../core/fd.ts";
import { MAX_ABSTRACT_BYTES } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { reach } from "../core/reach.ts";
import { namedSockets, shownName } from "./unix_table.ts";

const MIDDLE = new TextEncoder().encode("\0since\0");
const BOTH_DIRECTIONS = 2;

function nameBegin(lock: UnixAddress): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lock.bytes.length + MIDDLE.length);
  bytes.set(lock.bytes);
  bytes.set(MIDDLE, lock.bytes.length);
  return bytes;
}

/** The companion's name; none if it would be too long. */
function nameOf(lock: UnixAddress, ms: string): UnixAddress | undefined {
  const begin = nameBegin(lock);
  if (begin.length + ms.length > MAX_ABSTRACT_BYTES) return undefined;
  const bytes = new Uint8Array(begin.length + ms.length);
  bytes.set(begin);
  bytes.set(new TextEncoder().encode(ms), begin.length);
  return UnixAddress.abstract(bytes);
}

/** A datagram socket: their names are apart from those of streams, and to connect to one leaves no trace. */
function socket(): Fd | undefined {
  const result = native.ipcx_socket(typeNumber("dgram"));
  return result < 0 ? undefined : new Fd(result);
}

/**
 * Makes the companion of a lock. It is only there to be seen, and takes nothing.
 *
 * @param lock The lock's name.
 * @param takenAt When it was taken.
 * @returns The socket, the caller's; `undefined` if there is no room for the
 * time in the name, or it cannot be had: the lock is a lock without it.
 */
export function makeCompanion(lock: UnixAddress, takenAt: Date): Fd | undefined {
  const address = nameOf(lock, `${takenAt.getTime()}`);
  const fd = address && socket();
  if (!fd) return undefined;
  using name = reach(address, "bind");
  if (native.ipcx_bind(fd.number, name.bytes, name.bytes.length) < 0) {
    fd.close();
    return undefined;
  }
  native.ipcx_shutdown(fd.number, BOTH_DIRECTIONS);
  return fd;
}

/** Whether that very name is there: in the table another one may look the same. */
function exists(address: UnixAddress): boolean {
  using fd = socket();
  if (!fd) return false;
  using name = reach(address, "connect");
  return native.ipcx_connect(fd.number, name.bytes, name.bytes.length) === 0;
}

/**
 * Looks for the companions of a lock: one, unless somebody means to mislead.
 *
 * @param lock The lock's name.
 * @returns The times that they tell.
 */
export function companionsOf(lock: UnixAddress): Date[] {
  const begin = shownName(nameBegin(lock));
  return namedSockets(begin)
    .map(({ name }) => name.slice(begin.length))
    .filter((ms) => /^\d{1,15}$/.test(ms) && exists(nameOf(lock, ms)!))
    .map((ms) => new Date(Number(ms)));
}
