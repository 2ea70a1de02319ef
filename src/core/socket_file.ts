/**
 * Socket files: made with their mode and owner, taken over only when stale,
 * removed only by their owner.
 *
 * @module
 */

import { UnixAddress } from "./address.ts";
import { isAlive } from "./connect.ts";
import { DirectoryEntry, type FileIdentity, type HeldFile, leadsTo } from "./directory_entry.ts";
import { check, SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";
import { reach } from "./reach.ts";

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

/** A socket file that this process made; it holds the directory that the file is in. */
export class SocketFile implements Disposable {
  readonly #entry: DirectoryEntry;
  readonly #path: string;
  readonly #identity: FileIdentity;

  /**
   * Remembers a file.
   *
   * @param path Its path.
   * @param identity Which file it is.
   * @throws {SystemError} As open(2), for its directory.
   */
  constructor(path: string, identity: FileIdentity) {
    this.#entry = DirectoryEntry.at(path);
    // The working directory may be another one by the time somebody asks.
    this.#path = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
    this.#identity = identity;
  }

  /** Whether the path still leads to the file that was made. */
  get isInPlace(): boolean {
    return leadsTo(this.#path, this.#identity);
  }

  /** Removes the file, unless its name is another one's by now, and lets go of its directory. */
  remove(): void {
    try {
      if (this.#entry.names(this.#identity)) this.#entry.remove();
    } catch {
      // What cannot be removed, since its directory may not be written to any more, is left.
    }
    this[Symbol.dispose]();
  }

  /**
   * Removes the file when our descriptor of the socket is closed, unless somebody
   * else has one: who serves there goes on to be found. Lets go of its directory.
   */
  removeUnlessServed(): void {
    if (this.#isServed()) this[Symbol.dispose]();
    else this.remove();
  }

  #isServed(): boolean {
    try {
      using file = this.#entry.open();
      return file !== undefined && isServed(file);
    } catch {
      // What cannot be looked at is left.
      return true;
    }
  }

  /** Lets go of the directory; the file stays. */
  [Symbol.dispose](): void {
    this.#entry[Symbol.dispose]();
  }
}

/** What cannot be opened keeps us from binding: that is what was asked for, and where. */
function opened<Opened>(path: string, open: () => Opened): Opened {
  try {
    return open();
  } catch (error) {
    if (error instanceof SystemError) throw new SystemError("bind", error.errno, { address: path });
    throw error;
  }
}

function taken(path: string, why?: string): SystemError {
  return new SystemError("bind", ERRNO.EADDRINUSE, { address: why === undefined ? path : `${path} (${why})` });
}

/** Asks the very file: its name may be another one's at any time. */
function isServed(file: HeldFile): boolean {
  return isAlive(UnixAddress.path(file.path));
}

/**
 * Removes a socket file that nobody listens on.
 *
 * Between the look and the removal somebody may have put a live one there; so
 * the file is moved aside first, looked at again, and put back if it is another
 * one or alive. The name begins with a dot: those who watch a directory for
 * sockets pass over it.
 */
function removeStale(entry: DirectoryEntry, path: string): void {
  using stale = opened(path, () => entry.open());
  if (!stale) return;
  if (!stale.isSocket) throw taken(path, "a file that is no socket");
  if (isServed(stale)) throw taken(path);
  const name = `.ipcx-${crypto.randomUUID()}`;
  const moved = entry.moveTo(name);
  if (moved === -ERRNO.ENOENT) return;
  if (moved === -ERRNO.EPERM || moved === -ERRNO.EACCES) {
    throw taken(path, `nobody listens, but only user ${stale.uid} may remove it`);
  }
  if (typeof moved === "number") throw new SystemError("rename", -moved, { address: path });
  using aside = moved;
  const isStale = aside.names(stale.identity);
  if (isStale && !isServed(stale)) return aside.remove();
  const back = aside.moveTo(path.slice(path.lastIndexOf("/") + 1));
  if (typeof back === "number") throw taken(path, `what was there is called ${name} now`);
  back[Symbol.dispose]();
  if (isStale) throw taken(path);
}

/** Makes sure that what has the name is the file that was just made. */
function openMade(entry: DirectoryEntry, path: string, mode: number): HeldFile {
  const made = entry.open();
  // A default ACL of the directory may have taken some of the mode away.
  if (made?.isSocket && made.uid === Deno.uid() && (made.mode & ~mode) === 0) return made;
  made?.[Symbol.dispose]();
  throw taken(path, "replaced by somebody else, or its file system keeps no owners and modes");
}

/**
 * Gives the file to its owner, through a descriptor.
 *
 * It has no permissions yet. No other socket of ours is like that, so none can
 * be put in its place to be given away.
 */
function giveAway(made: HeldFile, path: string, { mode = 0o600, uid, gid }: SocketFileOptions): void {
  if (made.links !== 1) throw taken(path, "replaced by somebody else");
  try {
    Deno.chownSync(made.path, uid ?? null, gid ?? null);
  } catch (error) {
    if ((error as { code?: string }).code === "EPERM") throw new SystemError("chown", ERRNO.EPERM, { address: path });
    throw error;
  }
  Deno.chmodSync(made.path, mode);
}

function bindPath(fd: Fd, address: UnixAddress, entry: DirectoryEntry, mode: number): void {
  using name = reach(address, "bind");
  for (let attempt = 1;; attempt++) {
    // Looked at before: what is there afterwards, if the path led to this directory, is what was made.
    removeStale(entry, address.filename);
    const result = native.ipcx_bind_file(fd.number, name.bytes, name.bytes.length, mode);
    if (result !== -ERRNO.EADDRINUSE || attempt === ATTEMPTS) {
      check(result, "bind", { address: `${address}` });
      return;
    }
  }
}

/**
 * Binds a socket to a path.
 *
 * The file has its mode from its beginning. If it gets another owner, it has no
 * permissions until then, and its mode before the caller can listen. So nobody
 * is let in too early. A stale file is replaced, a live one is an error. Hold
 * {@linkcode lockDirectory} until after listen(2), and look at
 * {@linkcode SocketFile.isInPlace} then: a program that asks by connecting may
 * have taken a file that nobody listened on yet for a stale one.
 *
 * @param fd The socket.
 * @param address The path.
 * @param options Mode and owner.
 * @returns The file, to be removed in the end.
 * @throws {SystemError} EADDRINUSE if somebody listens there or the file is no socket.
 */
function bindSocketFile(fd: Fd, address: UnixAddress, options: SocketFileOptions): SocketFile {
  const path = address.filename;
  const isGivenAway = options.uid !== undefined || options.gid !== undefined;
  const mode = isGivenAway ? 0 : options.mode ?? 0o600;
  using entry = opened(path, () => DirectoryEntry.at(path));
  bindPath(fd, address, entry, mode);
  using made = openMade(entry, path, mode);
  try {
    if (isGivenAway) giveAway(made, path, options);
    const file = new SocketFile(path, made.identity);
    if (file.isInPlace) return file;
    file[Symbol.dispose]();
    throw taken(path, "replaced by somebody else");
  } catch (error) {
    if (entry.names(made.identity)) entry.remove();
    throw error;
  }
}

/**
 * Binds a socket to an address of any kind.
 *
 * @param fd The socket.
 * @param address A path, an abstract name, or unnamed for a name that the kernel chooses.
 * @param options Mode and owner of a socket file.
 * @returns The socket file, if there is one.
 * @throws {SystemError} EADDRINUSE if the name is taken.
 */
export function bindSocket(
  fd: Fd,
  address: UnixAddress,
  options: SocketFileOptions,
): SocketFile | undefined {
  if (address.kind === "path") return bindSocketFile(fd, address, options);
  using name = reach(address, "bind");
  check(native.ipcx_bind(fd.number, name.bytes, name.bytes.length), "bind", { address: `${address}` });
  return undefined;
}
