/**
 * Ownership of file descriptors.
 *
 * @module
 */

import { check, ClosedError, SystemError } from "./errors.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Gives what goes on with a descriptor, which ends with it.
 *
 * @param fd The descriptor.
 * @param begin Makes it the first time.
 * @returns What was made the first time.
 * @throws {ClosedError} If the descriptor was closed or given away.
 */
export let attachedTraffic: (fd: Fd, begin: (number: number) => Traffic) => Traffic;

/**
 * A file descriptor with exactly one owner, closed exactly once.
 *
 * Whoever holds the `Fd` owns the descriptor. It ends by {@linkcode close}, by
 * leaving a `using` block, or by {@linkcode release}, which hands the number
 * over to somebody else; after that, every use throws.
 *
 * @example Closed at the end of its block
 * ```ts
 * import { Fd, UnixSocket } from "ipcx";
 * import { assert, assertThrows } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair();
 * right.close();
 * const fd = left.release();
 * {
 *   using owned = fd;
 *   assert(owned.number >= 0);
 * }
 * assertThrows(() => fd.number, Error, "closed");
 * ```
 */
export class Fd implements Disposable {
  #number: number;
  #state: "open" | "closed" | "given away" = "open";
  #traffic: Traffic | undefined;

  static {
    attachedTraffic = (fd, begin) => {
      const { number } = fd;
      return fd.#traffic ??= begin(number);
    };
  }

  /**
   * Takes ownership of an open descriptor.
   *
   * @param number The descriptor; nobody else may close it from now on.
   * @throws {RangeError} If it is not a whole number of 0 or more.
   */
  constructor(number: number) {
    if (!Number.isInteger(number) || number < 0) {
      throw new RangeError(`a descriptor is a whole number of 0 or more, not ${number}`);
    }
    this.#number = number;
  }

  /**
   * Takes over a descriptor that this process was started with.
   *
   * The number is freed: what is owned is a close-on-exec duplicate of it, so
   * that no child inherits it by accident. A standard stream becomes /dev/null.
   *
   * @param number The inherited descriptor.
   * @returns The descriptor, owned by the caller.
   * @throws {SystemError} EBADF if it is not open, or belongs to the runtime.
   */
  static inherit(number: number): Fd {
    checkInherited(number);
    const fd = new Fd(check(native.ipcx_duplicate(number), "fcntl", { address: `fd:${number}` }));
    native.ipcx_vacate(number);
    return fd;
  }

  /**
   * The number of the descriptor; ownership stays here.
   *
   * @throws {ClosedError} If it was closed or given away.
   */
  get number(): number {
    if (this.#state !== "open") throw new ClosedError(`the descriptor was ${this.#state}`);
    return this.#number;
  }

  /** Whether the descriptor is still owned by this object. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * Gives the descriptor away.
   *
   * @returns The number, which the caller now has to close.
   * @throws {ClosedError} If it was closed or given away before.
   */
  release(): number {
    const number = this.number;
    this.#state = "given away";
    this.#traffic?.end();
    return number;
  }

  /**
   * Makes a second descriptor for the same open file, close-on-exec.
   *
   * @returns The duplicate, owned by the caller.
   * @throws {SystemError} EMFILE at the limit of descriptors.
   */
  duplicate(): Fd {
    return new Fd(check(native.ipcx_duplicate(this.number), "fcntl"));
  }

  /**
   * Lets calls on it wait again (O_NONBLOCK off), as a program expects that does
   * not know better. The sockets of this library never wait: do it as you give
   * one away, and do not use it here any more.
   *
   * @returns This descriptor.
   * @throws {ClosedError} If it was closed or given away.
   */
  setBlocking(): this {
    check(native.ipcx_set_blocking(this.number), "fcntl");
    return this;
  }

  /**
   * Lets no call on it wait (O_NONBLOCK), as who waits for events wants it. So it
   * is then for everybody who has the same open file description (open(2)).
   *
   * @returns This descriptor.
   * @throws {ClosedError} If it was closed or given away.
   */
  setNonblocking(): this {
    check(native.ipcx_set_nonblocking(this.number), "fcntl");
    return this;
  }

  /**
   * Closes the descriptor; does nothing if that was done, or if it was given away.
   *
   * @throws {SystemError} EIO, ENOSPC or EDQUOT, where what was written could not
   * be kept (NFS, FUSE); the descriptor is closed all the same.
   */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#traffic?.end();
    check(native.ipcx_close(this.#number), "close", { address: `fd:${this.#number}` });
  }

  /** Closes the descriptor at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A descriptor, or what owns one: a socket, shared memory. */
export type FdOwner = Fd | { readonly fd: Fd };

/**
 * Gives the descriptor that is meant.
 *
 * @param owner The descriptor, or what owns it.
 * @returns The descriptor, which stays its owner's.
 */
export function fdOf(owner: FdOwner): Fd {
  return owner instanceof Fd ? owner : owner.fd;
}

/**
 * Closes descriptors that nobody wants.
 *
 * What close(2) tells is of no interest: whoever sends files may choose some
 * whose close fails (FUSE, NFS), which must not keep the others open.
 *
 * @param fds The descriptors.
 */
export function closeAll(fds: Iterable<Fd>): void {
  for (const fd of fds) {
    try {
      fd.close();
    } catch {
      // It is closed all the same.
    }
  }
}

/**
 * Makes sure that this process was started with a descriptor.
 *
 * @param number The number.
 * @returns The number.
 * @throws {SystemError} EBADF if it is not open, or belongs to the runtime.
 */
export function checkInherited(number: number): number {
  // The runtime's own descriptors are all close-on-exec, inherited ones never.
  const closeOnExec = check(native.ipcx_is_close_on_exec(number), "fcntl", { address: `fd:${number}` });
  if (closeOnExec) throw new SystemError("fcntl", ERRNO.EBADF, { address: `fd:${number} (the runtime's own)` });
  return number;
}

/**
 * Raises the soft limit of open descriptors to the hard one (setrlimit(2)).
 *
 * @returns The limit that now holds.
 * @throws {SystemError} If the kernel refuses.
 */
export function raiseDescriptorLimit(): number {
  return check(native.ipcx_raise_descriptor_limit(), "setrlimit");
}
