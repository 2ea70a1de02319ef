/**
 * When TCP puts bytes into segments (tcp(7)).
 *
 * @module
 */

import { check } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { native } from "./native.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_CORK = 3;

const slot = new Int32Array(1);

function turn(fd: Fd, option: number, on: boolean): void {
  slot[0] = on ? 1 : 0;
  check(native.ipcx_set_option(fd.number, IPPROTO_TCP, option, slot, slot.byteLength), "setsockopt", {
    address: `fd:${fd.number}`,
  });
}

/** A connection that sends only full segments until this ends. */
export class Cork implements Disposable {
  #fd: Fd | undefined;

  /**
   * Corks a connection.
   *
   * @param fd The connection, which stays the caller's.
   */
  constructor(fd: Fd) {
    turn(fd, TCP_CORK, true);
    this.#fd = fd;
  }

  /**
   * Lets go what was held back; does nothing the second time, or once the
   * connection was closed.
   *
   * @throws {SystemError} As setsockopt(2).
   */
  uncork(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd?.isOpen) turn(fd, TCP_CORK, false);
  }

  /** Lets it go at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.uncork();
  }
}

/**
 * Holds back what does not fill a segment, 200 ms at most, so that what is sent in
 * several calls leaves in as few segments as it can (TCP_CORK, tcp(7)).
 *
 * Where it is known with each call whether more follows, `more` of
 * {@linkcode writeAll} and {@linkcode sendFile} does the same without these two
 * calls. There is nothing alike for Unix sockets, which have no segments.
 *
 * @param fd The descriptor of a TCP connection, which stays the caller's.
 * @returns What lets it go again.
 * @throws {SystemError} ENOTSOCK or EOPNOTSUPP if it is none.
 *
 * @example Three writes, one segment
 * ```ts
 * import { cork, type Fd, writeAll } from "ipcx";
 *
 * export async function answer(connection: Fd): Promise<void> {
 *   using _cork = cork(connection);
 *   await writeAll(connection, "HTTP/1.1 200 OK\r\n");
 *   await writeAll(connection, "Content-Length: 5\r\n\r\n");
 *   await writeAll(connection, "hello");
 * }
 * ```
 */
export function cork(fd: Fd): Cork {
  return new Cork(fd);
}

/**
 * Chooses whether a segment that is not full is sent at once, or only when nothing
 * is under way that was not confirmed (Nagle's algorithm; TCP_NODELAY, tcp(7)).
 *
 * @param fd The descriptor of a TCP connection or listener, which stays the
 * caller's; accepted connections are like their listener.
 * @param on Whether it is sent at once; `true` by default, although not by the kernel's.
 * @throws {SystemError} ENOTSOCK or EOPNOTSUPP if it is none.
 */
export function setNoDelay(fd: Fd, on = true): void {
  turn(fd, TCP_NODELAY, on);
}
