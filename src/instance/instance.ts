/**
 * A lock that is held.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { reach } from "../core/reach.ts";
import { makeCompanion } from "./companion.ts";

/** How many may wait, or have asked, unseen by anybody; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 4096;

/** Shell scripts choose numbers for their own files: lower ones. */
const HIGH_NUMBER = 512;

/** Moves a descriptor out of the way of those that programs choose, and keeps it at exec. */
function movedUp(fd: Fd): Fd {
  const result = native.ipcx_duplicate_from(fd.number, HIGH_NUMBER);
  const moved = result < 0 ? fd : new Fd(result);
  if (moved !== fd) fd.close();
  check(native.ipcx_keep_on_exec(moved.number), "fcntl");
  return moved;
}

/**
 * A lock that this process holds, until {@linkcode close}, or until it ends.
 *
 * It is a listening socket: what has a descriptor of it, such as a child that was
 * given one, holds the lock, too; it is free when the last one is closed.
 */
export class Instance implements Disposable {
  /** The lock's name. */
  readonly address: UnixAddress;
  /** When it was taken. */
  readonly takenAt: Date;
  #fd: Fd;
  #companion: Fd | undefined;

  /**
   * Takes over the sockets of a lock.
   *
   * @param address The lock's name.
   * @param takenAt When it was taken.
   * @param fd The lock; the instance's from now on.
   * @param companion What tells others that time; the instance's from now on.
   */
  constructor(address: UnixAddress, takenAt: Date, fd: Fd, companion?: Fd) {
    this.address = address;
    this.takenAt = takenAt;
    this.#fd = fd;
    this.#companion = companion;
  }

  /** The lock itself, to be given to a child that is to hold it, too; it stays the instance's. */
  get fd(): Fd {
    return this.#fd;
  }

  /** The socket that tells others since when, if there is one; it stays the instance's. */
  get companion(): Fd | undefined {
    return this.#companion;
  }

  /**
   * Lets programs have the lock that this process becomes, or starts from now on
   * without closing what they are not given: it lasts as long as any of them.
   *
   * Its descriptors move to numbers from 512 on, if RLIMIT_NOFILE reaches as far:
   * a shell script that opens files at numbers of its own would end the lock unawares.
   *
   * @throws {ClosedError} If it was closed.
   */
  keepOnExec(): void {
    if (this.#companion) this.#companion = movedUp(this.#companion);
    this.#fd = movedUp(this.#fd);
  }

  /** Lets go of it; whoever waits for it gets it, unless others have it open. Does nothing the second time. */
  close(): void {
    this.#companion?.close();
    this.#fd.close();
  }

  /** Lets go of it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Takes a lock if it is free. The name itself is the lock: of all who bind(2) to
 * it, the kernel lets one.
 *
 * @param lock Its name.
 * @returns The lock, the caller's; `undefined` if somebody has the name.
 * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
 */
export function takeInstance(lock: UnixAddress): Instance | undefined {
  const address = `${lock}`;
  const fd = new Fd(check(native.ipcx_socket(typeNumber("stream")), "socket", { address }));
  let companion: Fd | undefined;
  try {
    using name = reach(lock, "bind");
    const result = native.ipcx_bind(fd.number, name.bytes, name.bytes.length);
    if (result === -ERRNO.EADDRINUSE) {
      fd.close();
      return undefined;
    }
    check(result, "bind", { address });
    const takenAt = new Date();
    // Before anybody can ask: who is told of the holder is told of the time as well.
    companion = makeCompanion(lock, takenAt);
    check(native.ipcx_listen(fd.number, BACKLOG), "listen", { address });
    return new Instance(lock, takenAt, fd, companion);
  } catch (error) {
    companion?.close();
    fd.close();
    throw error;
  }
}
