/**
 * What will be passed on to the next version, by name.
 *
 * @module
 */

import { closeAll, type Fd } from "../core/fd.ts";
import { isName, MAX_NAME_LENGTH } from "./packets.ts";

/**
 * Duplicates of descriptors, so that whoever uses the originals may close them.
 *
 * As long as they are kept, a listener goes on to take connections although its
 * server has closed it: they must be closed as soon as the next version has them.
 */
export class KeptDescriptors {
  readonly #fds = new Map<string, Fd>();

  /** The names, and what they stand for. */
  get entries(): [string, Fd][] {
    return [...this.#fds];
  }

  /**
   * Makes sure that a name can be given.
   *
   * @param name The name.
   * @throws {RangeError} If it is empty or too long.
   * @throws {TypeError} If it is taken.
   */
  checkName(name: string): void {
    if (!isName(name)) throw new RangeError(`the name of a descriptor has 1 to ${MAX_NAME_LENGTH} characters`);
    if (this.#fds.has(name)) throw new TypeError(`there is a descriptor '${name}' already`);
  }

  /**
   * Keeps a duplicate.
   *
   * @param name Its name, not taken.
   * @param fd The descriptor, which stays the caller's.
   * @throws {SystemError} EMFILE at the limit of descriptors.
   */
  keep(name: string, fd: Fd): void {
    this.checkName(name);
    this.#fds.set(name, fd.duplicate());
  }

  /**
   * Closes a duplicate.
   *
   * @param name Its name.
   * @returns Whether there was one.
   */
  drop(name: string): boolean {
    const fd = this.#fds.get(name);
    if (!fd) return false;
    this.#fds.delete(name);
    closeAll([fd]);
    return true;
  }

  /** Closes all. */
  close(): void {
    closeAll(this.#fds.values());
    this.#fds.clear();
  }
}
