/**
 * Room at those whom a datagram socket sends to without being connected (unix(7)).
 *
 * @module
 */

import type { UnixAddress } from "./address.ts";
import { delay } from "./delay.ts";
import { check, SystemError } from "./errors.ts";
import { letOthersRun } from "./fairness.ts";
import { Fd } from "./fd.ts";
import { EPOLL } from "./linux.ts";
import { native } from "./native.ts";
import { typeNumber } from "./options.ts";
import { reach } from "./reach.ts";
import { Turns } from "./turns.ts";
import { Waiters } from "./waiters.ts";

/** How long until the next try where there is no descriptor left to wait with. */
const PAUSE_MS = 1;

/**
 * One receiver that was full when somebody sent to it.
 *
 * The sender's own socket is writable all the time; only that of somebody who is
 * connected to the receiver becomes writable when there is room.
 */
class Destination {
  readonly turns: Turns = new Turns();
  readonly #address: UnixAddress;
  users = 0;
  #probe: Fd | undefined;
  #waiters: Waiters | undefined;

  constructor(address: UnixAddress) {
    this.#address = address;
  }

  #connect(): Fd {
    const fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
    try {
      using name = reach(this.#address, "connect");
      check(native.ipcx_connect(fd.number, name.bytes, name.bytes.length), "connect", { address: `${this.#address}` });
      return fd;
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** Whether it sees no reason to wait: most likely its receiver has gone, and the full one is another that has its name. */
  #isStale(probe: Fd): boolean {
    return (check(native.ipcx_poll(probe.number, EPOLL.OUT), "poll") & EPOLL.OUT) !== 0;
  }

  async wait(isReferenced: boolean, signal?: AbortSignal): Promise<void> {
    try {
      if (this.#probe && this.#isStale(this.#probe)) {
        this.#probe.close();
        this.#probe = undefined;
      }
      this.#probe ??= this.#connect();
    } catch (error) {
      // Without descriptors there is only time to go by; what is wrong with the receiver the next try will tell.
      if (error instanceof SystemError) return await delay(PAUSE_MS, signal);
      throw error;
    }
    // Registered anew each time: it is then that the kernel is asked to tell of room.
    const waiters = this.#waiters = new Waiters(this.#probe.number);
    if (!isReferenced) waiters.unref();
    try {
      await waiters.wait("writable", signal);
    } finally {
      waiters.close();
    }
  }

  close(): void {
    this.#waiters?.close();
    this.#probe?.close();
  }
}

/** Those to whom one socket waits to send, each with a queue of its own. */
export class Destinations {
  readonly #socket: Fd;
  readonly #waiters: Waiters;
  readonly #awaited = new Map<string, Destination>();
  isReferenced = true;

  /**
   * Prepares for waiting.
   *
   * @param socket The sender's socket, which stays the caller's.
   * @param waiters Those who wait for it.
   */
  constructor(socket: Fd, waiters: Waiters) {
    this.#socket = socket;
    this.#waiters = waiters;
  }

  /**
   * Tells whether somebody waits to send there, who is to come first.
   *
   * @param address The receiver.
   * @returns Whether it is so.
   */
  isAwaited(address: UnixAddress): boolean {
    return this.#awaited.size > 0 && this.#awaited.has(`${address}`);
  }

  /**
   * Tries to send until it is done, after those who have begun before.
   *
   * @param address The receiver.
   * @param attempt Sends, or returns `undefined` if there is no room.
   * @param options Whether the event loop is to go round first, and a signal that ends the wait.
   * @returns What the attempt returned.
   */
  async send(
    address: UnixAddress,
    attempt: () => number | undefined,
    { othersFirst = false, signal }: { othersFirst?: boolean; signal?: AbortSignal } = {},
  ): Promise<number> {
    const key = `${address}`;
    const destination = this.#awaited.get(key) ?? new Destination(address);
    this.#awaited.set(key, destination);
    destination.users++;
    try {
      return await destination.turns.run(async () => {
        if (othersFirst) await letOthersRun(signal);
        for (;;) {
          const sent = attempt();
          if (sent !== undefined) return sent;
          await this.#waitForRoom(destination, signal);
        }
      }, signal);
    } finally {
      if (--destination.users === 0) {
        this.#awaited.delete(key);
        destination.close();
      }
    }
  }

  async #waitForRoom(destination: Destination, signal?: AbortSignal): Promise<void> {
    const events = check(native.ipcx_poll(this.#socket.number, EPOLL.OUT), "poll");
    // What was sent to all receivers counts against the sender's buffer as well.
    if ((events & EPOLL.OUT) === 0) return await this.#waiters.wait("writable", signal);
    await destination.wait(this.isReferenced, signal);
  }

  /** Ends every wait. */
  close(): void {
    for (const destination of this.#awaited.values()) destination.close();
  }
}
