/**
 * Bytes out of band on a stream (MSG_OOB of send(2), recv(2)).
 *
 * @module
 */

import { socketNumber } from "./endpoint.ts";
import { check, SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { EPOLL, ERRNO, SO } from "./linux.ts";
import { native } from "./native.ts";
import { getNumber } from "./options.ts";
import type { Waiters } from "./waiters.ts";

const NOTHING_FOLLOWS = EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR;

/**
 * Sends an urgent byte.
 *
 * @param fd The socket.
 * @param byte The byte, 0–255.
 * @returns Whether there was room.
 * @throws {SystemError} EOPNOTSUPP, EPIPE.
 */
export function sendUrgentNow(fd: number, byte: number): boolean {
  const result = native.ipcx_send_urgent(fd, byte);
  if (result === -ERRNO.EAGAIN) return false;
  check(result, "send");
  return true;
}

function receiveUrgentNow(fd: number): number | undefined {
  const result = native.ipcx_receive_urgent(fd);
  // EINVAL is what the kernel says where there is none, and always with SO_OOBINLINE.
  if (result === -ERRNO.EAGAIN || result === -ERRNO.EINVAL) return undefined;
  return check(result, "recv");
}

/** The bytes that come out of band on one socket. */
export class UrgentBytes {
  readonly #fd: Fd;
  readonly #waiters: Waiters;
  readonly #aside: number[] = [];
  #awaited = 0;
  #isWanted = false;

  /**
   * Prepares for receiving.
   *
   * @param fd The socket, which stays the caller's.
   * @param waiters Those who wait for it.
   */
  constructor(fd: Fd, waiters: Waiters) {
    this.#fd = fd;
    this.#waiters = waiters;
  }

  /** Takes the urgent byte, waiting for it if need be. */
  async receive(signal?: AbortSignal): Promise<number> {
    this.#awaited++;
    try {
      for (;;) {
        // Asked before: the byte may be the last that comes.
        const events = check(native.ipcx_poll(socketNumber(this.#fd), EPOLL.RDHUP), "poll");
        const byte = this.tryReceive();
        if (byte !== undefined) return byte;
        if (events & NOTHING_FOLLOWS) throw new SystemError("recv", ERRNO.ENODATA);
        await this.#waiters.wait("urgent", signal);
      }
    } finally {
      this.#awaited--;
    }
  }

  /** Takes the urgent byte, if there is one. */
  tryReceive(): number | undefined {
    const fd = socketNumber(this.#fd);
    this.#isWanted = true;
    const byte = this.#aside.shift() ?? receiveUrgentNow(fd);
    if (byte === undefined && getNumber(fd, SO.OOBINLINE) !== 0) throw new SystemError("recv", ERRNO.EINVAL);
    return byte;
  }

  /**
   * Puts the urgent byte aside for those who take such bytes, before data are
   * received: the kernel would throw it away as they come to it.
   */
  putAside(): void {
    const byte = this.#isWanted ? receiveUrgentNow(socketNumber(this.#fd)) : undefined;
    if (byte === undefined) return;
    this.#aside.push(byte);
    // As in the kernel: of several that nobody took, the last counts.
    if (this.#aside.length > Math.max(this.#awaited, 1)) this.#aside.shift();
    this.#waiters.onReady(EPOLL.PRI);
  }
}
