/**
 * A name in a directory that is held open (openat(2)).
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { ERRNO, OPEN } from "./linux.ts";
import { native } from "./native.ts";
import { directoryOf, openPath } from "./reach.ts";

/** What tells a file from all others, as long as it is there or held. */
export interface FileIdentity {
  /** The device that it is on. */
  dev: number;
  /** Its inode. */
  ino: number;
}

/**
 * Tells whether a path leads to a file, without following it if it is a symbolic link.
 *
 * @param path The path.
 * @param identity The file.
 * @returns Whether it is that one, and no other; `false` if it cannot be seen.
 */
export function leadsTo(path: string, identity: FileIdentity): boolean {
  try {
    const { dev, ino } = Deno.lstatSync(path);
    return dev === identity.dev && ino === identity.ino;
  } catch {
    return false;
  }
}

/** A file, held as a place (O_PATH): what is done to it cannot hit another one with its name. */
export class HeldFile implements Disposable {
  /** Which file it is. */
  readonly identity: FileIdentity;
  /** Whether it is a socket. */
  readonly isSocket: boolean;
  /** Its owner. */
  readonly uid: number;
  /** Its permission bits. */
  readonly mode: number;
  /** How many names it has. */
  readonly links: number;
  /** A path that leads to this very file, as long as it is held. */
  readonly path: string;
  readonly #fd: Fd;

  /**
   * Takes a look at a file.
   *
   * @param fd The file, opened with O_PATH; closed with this.
   */
  constructor(fd: Fd) {
    this.#fd = fd;
    this.path = `/proc/self/fd/${fd.number}`;
    const { dev, ino, isSocket, uid, mode, nlink } = Deno.statSync(this.path);
    this.identity = { dev, ino: ino ?? -1 };
    this.isSocket = isSocket ?? false;
    this.uid = uid ?? -1;
    this.mode = (mode ?? 0) & 0o7777;
    this.links = nlink ?? 1;
  }

  /** Lets go of the file. */
  [Symbol.dispose](): void {
    this.#fd.close();
  }
}

/**
 * A name in a directory, which stays the same directory whatever becomes of the
 * path to it: whoever may rename what is above it, or turn a symbolic link, does
 * not choose where something is changed or removed.
 */
export class DirectoryEntry implements Disposable {
  readonly #directory: Fd;
  readonly #name: string;

  private constructor(directory: Fd, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  /**
   * Opens the directory of a path.
   *
   * @param path The path; there need not be anything at it.
   * @returns The entry, to be disposed of.
   * @throws {SystemError} ENOENT, ENOTDIR or EACCES, where there is no such directory.
   */
  static at(path: string): DirectoryEntry {
    return new DirectoryEntry(openPath(directoryOf(path), OPEN.DIRECTORY), path.slice(path.lastIndexOf("/") + 1));
  }

  #path(name: string): string {
    return `/proc/self/fd/${this.#directory.number}/${name}`;
  }

  /**
   * Holds what has the name, without following it if it is a symbolic link.
   *
   * @returns The file, to be disposed of, or `undefined` if there is none.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   */
  open(): HeldFile | undefined {
    let fd: Fd;
    try {
      fd = openPath(this.#path(this.#name), OPEN.NO_FOLLOW);
    } catch (error) {
      if (error instanceof SystemError && error.errno === ERRNO.ENOENT) return undefined;
      throw error;
    }
    try {
      return new HeldFile(fd);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Tells whether a file has the name.
   *
   * @param identity The file.
   * @returns Whether it is that one, and no other.
   */
  names(identity: FileIdentity): boolean {
    return leadsTo(this.#path(this.#name), identity);
  }

  /**
   * Gives what has the name another one in the same directory, which nothing may have.
   *
   * @param name The other name.
   * @returns The entry of that name, or −errno: −EEXIST if something has it, −ENOENT if nothing has this one.
   * @throws {SystemError} EMFILE at the limit of descriptors; nothing is moved then.
   */
  moveTo(name: string): DirectoryEntry | number {
    const [from, to] = [this.#name, name].map((each) => new TextEncoder().encode(`${this.#path(each)}\0`));
    const moved = new DirectoryEntry(this.#directory.duplicate(), name);
    const result = native.ipcx_move(from, to);
    if (result >= 0) return moved;
    moved[Symbol.dispose]();
    return result;
  }

  /** Removes what has the name. */
  remove(): void {
    Deno.removeSync(this.#path(this.#name));
  }

  /** Lets go of the directory. */
  [Symbol.dispose](): void {
    this.#directory.close();
  }
}
