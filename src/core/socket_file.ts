/**
 * Socket files: made with their mode and owner, taken over only when stale,
 * removed only by their owner.
 *
 * @module
 */

import { UnixAddress } from "./address.ts";
import { isAlive } from "./connect.ts";
import { check, SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { ERRNO, OPEN } from "./linux.ts";
import { native } from "./native.ts";
import type { SocketType } from "./options.ts";
import { openPath, reach } from "./reach.ts";

const ATTEMPTS = 5;

/** Mode and owner of a socket file. */
export interface SocketFileOptions {
  /** The permission bits, by default 0o600; who may connect needs to write. */
  mode?: number;
  /** The owner's user id, by default this process's. */
  uid?: number;
  /** The group id, by default this process's. */
  gid?: number;
}

interface Identity {
  dev: number;
  ino: number;
}

function identify(path: string): Identity & { isSocket: boolean | null } | undefined {
  try {
    const { dev, ino, isSocket } = Deno.lstatSync(path);
    return { dev, ino: ino ?? -1, isSocket };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return one?.dev === other?.dev && one?.ino === other?.ino;
}

/** A socket file that this process made. */
export class SocketFile {
  readonly #path: string;
  readonly #identity: Identity;

  /**
   * Remembers a file.
   *
   * @param path Its path.
   * @param identity Its device and inode.
   */
  constructor(path: string, identity: { dev: number; ino: number }) {
    // The working directory may be another one when the file is removed.
    this.#path = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
    this.#identity = identity;
  }

  /** Whether the path still names the file that was made. */
  get isInPlace(): boolean {
    return isSame(identify(this.#path), this.#identity);
  }

  /** Removes the file, unless the path names another one by now. */
  remove(): void {
    try {
      if (this.isInPlace) Deno.removeSync(this.#path);
    } catch {
      // A directory that was taken away needs no cleaning.
    }
  }
}

/**
 * Removes a socket file that nobody listens on.
 *
 * Between the look and the removal somebody may have put a live one there; so
 * the file is moved aside first, looked at again, and put back if it is alive.
 */
function removeStale(path: string, type: SocketType): void {
  const taken = (): SystemError => new SystemError("bind", ERRNO.EADDRINUSE, { address: path });
  if (isAlive(UnixAddress.path(path), type)) throw taken();
  const aside = `${path}.${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.renameSync(path, aside);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (isAlive(UnixAddress.path(aside), type)) {
    Deno.renameSync(aside, path);
    throw taken();
  }
  Deno.removeSync(aside);
}

/** Opens the file that was just made; the path may name something else by now. */
function openMade(path: string): Fd {
  try {
    return openPath(path, OPEN.NO_FOLLOW);
  } catch (error) {
    if (error instanceof SystemError && error.errno === ERRNO.ENOENT) throw replaced(path);
    throw error;
  }
}

function replaced(path: string): SystemError {
  return new SystemError("bind", ERRNO.EADDRINUSE, { address: `${path} (replaced by somebody else)` });
}

/** Sets mode and owner through a descriptor, and remembers the file. */
function takeOwnership(path: string, options: SocketFileOptions): SocketFile {
  using held = openMade(path);
  const through = `/proc/self/fd/${held.number}`;
  const info = Deno.statSync(through);
  if (!info.isSocket || info.uid !== Deno.uid() || (info.nlink ?? 1) !== 1) throw replaced(path);
  const file = new SocketFile(path, { dev: info.dev, ino: info.ino ?? -1 });
  try {
    if (options.uid !== undefined || options.gid !== undefined) {
      Deno.chownSync(through, options.uid ?? null, options.gid ?? null);
    }
    Deno.chmodSync(through, options.mode ?? 0o600);
  } catch (error) {
    file.remove();
    if ((error as { code?: string }).code === "EPERM") throw new SystemError("chown", ERRNO.EPERM, { address: path });
    throw error;
  }
  return file;
}

/**
 * Binds a socket to a path.
 *
 * The file is made with no permissions beyond the mode, and gets its owner and
 * full mode before the caller can listen, so nobody is let in too early. A stale
 * file is replaced, a live one is an error. Hold {@linkcode lockDirectory} until
 * after listen(2), and look at {@linkcode SocketFile.isInPlace} then: another
 * process that does not lock may have taken the file for a stale one.
 *
 * @param fd The socket.
 * @param address The path.
 * @param type The type of the socket.
 * @param options Mode and owner.
 * @returns The file, to be removed in the end.
 * @throws {SystemError} EADDRINUSE if somebody listens there or the file is no socket.
 */
function bindSocketFile(fd: Fd, address: UnixAddress, type: SocketType, options: SocketFileOptions): SocketFile {
  const path = address.filename;
  check(native.ipcx_change_mode(fd.number, (options.mode ?? 0o600) & 0o600), "fchmod");
  for (let attempt = 1;; attempt++) {
    using name = reach(address, "bind");
    const result = native.ipcx_bind(fd.number, name.bytes, name.bytes.length);
    if (result !== -ERRNO.EADDRINUSE || attempt === ATTEMPTS) {
      check(result, "bind", { address: `${address}` });
      break;
    }
    const existing = identify(path);
    if (!existing) continue;
    if (!existing.isSocket) {
      throw new SystemError("bind", ERRNO.EADDRINUSE, { address: `${address} (a file that is no socket)` });
    }
    removeStale(path, type);
  }
  return takeOwnership(path, options);
}

/**
 * Binds a socket to an address of any kind.
 *
 * @param fd The socket.
 * @param address A path, an abstract name, or unnamed for a name that the kernel chooses.
 * @param type The type of the socket.
 * @param options Mode and owner of a socket file.
 * @returns The socket file, if there is one.
 * @throws {SystemError} EADDRINUSE if the name is taken.
 */
export function bindSocket(
  fd: Fd,
  address: UnixAddress,
  type: SocketType,
  options: SocketFileOptions,
): SocketFile | undefined {
  if (address.kind === "path") return bindSocketFile(fd, address, type, options);
  using name = reach(address, "bind");
  check(native.ipcx_bind(fd.number, name.bytes, name.bytes.length), "bind", { address: `${address}` });
  return undefined;
}
