/**
 * Waiting for one descriptor to become readable or writable, as promises.
 *
 * @module
 */

import { ClosedError } from "./errors.ts";
import { areOthersDue, letOthersRun } from "./fairness.ts";
import { EPOLL } from "./linux.ts";
import { type ReadyHandler, Watch } from "./reactor.ts";
import type { StopSignal } from "./stop.ts";

/**
 * What can be waited for; a hang-up is that the peer has gone, or that both
 * directions have ended; urgent is a byte that was sent out of band.
 */
export type Direction = "readable" | "writable" | "hangup" | "urgent";

interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

// Unsigned: in JavaScript the highest bit makes a number negative.
const EVENTS = (EPOLL.IN | EPOLL.PRI | EPOLL.OUT | EPOLL.RDHUP | EPOLL.ET) >>> 0;
const READABLE = EPOLL.IN | EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR;
const WRITABLE = EPOLL.OUT | EPOLL.HUP | EPOLL.ERR;
const URGENT = EPOLL.PRI | EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR;
const HANGUP = EPOLL.HUP | EPOLL.ERR;

/**
 * Waits on behalf of one socket.
 *
 * The descriptor is registered once, edge triggered, at the first wait. Edges
 * are only read by the reactor, never between a call that gave EAGAIN and the
 * wait that follows it, so none is lost; a waiter tries again and may wait again.
 */
export class Waiters implements ReadyHandler {
  readonly #fd: number;
  readonly #waiting: Record<Direction, Set<Waiter>> = {
    readable: new Set(),
    writable: new Set(),
    hangup: new Set(),
    urgent: new Set(),
  };
  /** Told since a call last had to wait: an edge comes only once. */
  readonly #isReady = { readable: false, writable: false };
  #watch: Watch | undefined;
  #referenced = true;
  #closed = false;

  /**
   * Prepares for waiting; nothing is registered yet.
   *
   * @param fd The descriptor, which stays with the caller.
   */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Waits until the descriptor may be ready. The process stays alive meanwhile,
   * unless {@linkcode unref} was called.
   *
   * @param direction What to wait for.
   * @param signal Ends the wait with its reason.
   * @returns A promise without a value; ready may mean failed or closed by the peer.
   * @throws {ClosedError} If {@linkcode close} is called first.
   */
  wait(direction: Direction, signal?: StopSignal): Promise<void> {
    if (this.#closed) return Promise.reject(new ClosedError("the socket was closed"));
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = this.#waiting[direction];
    const settle = (): void => {
      waiting.delete(waiter);
      signal?.removeEventListener("abort", abort);
      if (!this.#isAwaited) this.#watch?.unref();
    };
    const waiter: Waiter = {
      resolve: () => (settle(), resolve()),
      reject: (reason) => (settle(), reject(reason)),
    };
    const abort = (): void => waiter.reject(signal!.reason);
    try {
      // An edge that is past is told again once the watch is changed.
      if (this.#watch && (direction === "hangup" || direction === "urgent")) this.#watch.change(EVENTS);
      this.#watch ??= new Watch(this.#fd, EVENTS, this);
    } catch (error) {
      return Promise.reject(error);
    }
    waiting.add(waiter);
    signal?.addEventListener("abort", abort);
    if (this.#referenced) this.#watch.ref();
    return promise;
  }

  /**
   * Waits, unless the descriptor has become ready since a call last had to wait.
   *
   * @param direction What to wait for.
   * @param signal Ends the wait with its reason.
   * @returns A promise without a value, as that of {@linkcode wait}.
   * @throws {ClosedError} If {@linkcode close} is called first.
   */
  ready(direction: Direction, signal?: StopSignal): Promise<void> {
    const isReady = (direction === "readable" || direction === "writable") && this.#isReady[direction] &&
      !this.#closed && !signal?.aborted;
    if (!isReady) return this.wait(direction, signal);
    return areOthersDue() ? letOthersRun(signal) : Promise.resolve();
  }

  /**
   * Notes that a call would have had to wait (EAGAIN).
   *
   * @param direction For what.
   */
  exhausted(direction: "readable" | "writable"): void {
    this.#isReady[direction] = false;
  }

  get #isAwaited(): boolean {
    const { readable, writable, hangup, urgent } = this.#waiting;
    return readable.size + writable.size + hangup.size + urgent.size > 0;
  }

  /** Keeps the process alive while something is awaited, as is so at first. */
  ref(): void {
    this.#referenced = true;
    if (this.#isAwaited) this.#watch?.ref();
  }

  /** Lets the process end although something is awaited. */
  unref(): void {
    this.#referenced = false;
    this.#watch?.unref();
  }

  /** Passes an event on to those who wait for it. */
  onReady(events: number): void {
    if (events & READABLE) {
      this.#isReady.readable = true;
      for (const waiter of [...this.#waiting.readable]) waiter.resolve();
    }
    if (events & WRITABLE) {
      this.#isReady.writable = true;
      for (const waiter of [...this.#waiting.writable]) waiter.resolve();
    }
    if (events & URGENT) { for (const waiter of [...this.#waiting.urgent]) waiter.resolve(); }
    if (events & HANGUP) { for (const waiter of [...this.#waiting.hangup]) waiter.resolve(); }
  }

  /** Ends every wait with a {@linkcode ClosedError}; call it before the descriptor is closed. */
  close(): void {
    this.#closed = true;
    for (const waiter of Object.values(this.#waiting).flatMap((waiting) => [...waiting])) {
      waiter.reject(new ClosedError("the socket was closed"));
    }
    this.#watch?.close();
    this.#watch = undefined;
  }
}
