/**
 * Readiness of descriptors, one reactor a process (epoll(7)).
 *
 * Under load nothing but synchronous `epoll_wait` calls stands between an event
 * and its handler. Once nothing has happened for a bounded number of polls, a
 * thread of the shim waits instead, and a byte from it wakes Deno's event loop.
 *
 * @module
 */

import { Socket } from "node:net";
import { check } from "./errors.ts";
import { EPOLL_CTL } from "./linux.ts";
import { native } from "./native.ts";

/**
 * Empty polls before the thread takes over: about as long as a wake-up takes.
 * Each is a microtask, so that promises settled by a handler run in between.
 */
const SPIN_ROUNDS = 200;

/** Empty polls where the last wait was so long that they would be in vain: they take time from whoever is waited for. */
const FEW_ROUNDS = 4;

/** A wait up to here, the wake-up included, would have ended within {@linkcode SPIN_ROUNDS}. */
const SHORT_WAIT_MS = 0.2;

/** How long rounds may follow each other before timers and other I/O get a turn. */
const TURN_MS = 1;

const EVENTS_PER_ROUND = 64;

/** What is told of events. */
export interface ReadyHandler {
  /**
   * Called when the descriptor is ready; must not throw.
   *
   * @param events The bits of epoll(7) that are set.
   */
  onReady(events: number): void;
  /**
   * Whether nothing is to be expected soon after: this alone is no reason to poll
   * on, which keeps HTTP servers and the like in this process from their work.
   */
  readonly comesAlone?: boolean;
}

class Reactor {
  readonly #handlers = new Map<number, ReadyHandler>();
  readonly #ready = new Uint32Array(2 * EVENTS_PER_ROUND);
  #epoll = -1;
  #outer = -1;
  #bell: Socket | undefined;
  #nextToken = 1;
  #references = 0;
  #draining = false;
  #idleRounds = 0;
  #idleSince = 0;
  #rounds = SPIN_ROUNDS;
  #mostRounds = SPIN_ROUNDS;
  #turnEnds = 0;
  #onPause: (() => void)[] = [];
  #expectedUntil = 0;

  start(): void {
    if (this.#epoll >= 0) return;
    const epoll = check(native.ipcx_epoll_create(), "epoll_create1");
    const ends = new Int32Array(2);
    const failure = native.ipcx_waker_start(epoll, ends);
    if (failure < 0) {
      native.ipcx_close(epoll);
      check(failure, "pthread_create");
    }
    this.#epoll = epoll;
    this.#outer = ends[0];
    this.#bell = new Socket({ fd: ends[1] } as ConstructorParameters<typeof Socket>[0]);
    this.#bell.on("data", () => this.#wake());
    this.#bell.unref();
    this.#arm();
  }

  add(fd: number, events: number, handler: ReadyHandler): number {
    this.start();
    const token = this.#nextToken;
    check(native.ipcx_epoll_control(this.#epoll, EPOLL_CTL.ADD, fd, events, token), "epoll_ctl");
    this.#handlers.set(token, handler);
    do this.#nextToken = this.#nextToken === 0xffffffff ? 1 : this.#nextToken + 1; while (
      this.#handlers.has(this.#nextToken)
    );
    return token;
  }

  change(fd: number, token: number, events: number): void {
    check(native.ipcx_epoll_control(this.#epoll, EPOLL_CTL.MOD, fd, events, token), "epoll_ctl");
  }

  /** Must come before close(2): a child that is being started may hold a copy that keeps the registration alive. */
  remove(fd: number, token: number): void {
    if (this.#handlers.delete(token)) native.ipcx_epoll_control(this.#epoll, EPOLL_CTL.DEL, fd, 0, token);
  }

  reference(): void {
    this.start();
    if (this.#references++ === 0) this.#bell!.ref();
  }

  unreference(): void {
    if (--this.#references === 0) this.#bell!.unref();
  }

  whenPaused(task: () => void): void {
    if (this.#draining) this.#onPause.push(task);
    else queueMicrotask(task);
  }

  expect(ms: number): void {
    this.start();
    this.#expectedUntil = performance.now() + ms;
    // Not at once: nobody may be told of anything while whoever expects it is still at work.
    queueMicrotask(() => this.#wake());
  }

  expectNothing(): void {
    this.#expectedUntil = 0;
  }

  #pause(): void {
    if (this.#onPause.length === 0) return;
    const tasks = this.#onPause;
    this.#onPause = [];
    for (const task of tasks) task();
  }

  #arm(): void {
    check(native.ipcx_waker_arm(this.#outer, this.#epoll), "epoll_ctl");
  }

  #wake(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#mostRounds = performance.now() - this.#idleSince < SHORT_WAIT_MS ? SPIN_ROUNDS : FEW_ROUNDS;
    this.#rounds = 0;
    this.#turn();
  }

  #turn = (): void => {
    this.#idleRounds = 0;
    this.#turnEnds = performance.now() + TURN_MS;
    this.#round();
  };

  #round = (): void => {
    let count = 0;
    try {
      count = native.ipcx_epoll_wait(this.#epoll, this.#ready, EVENTS_PER_ROUND);
      for (let at = 0; at < count; at++) this.#dispatch(this.#ready[2 * at + 1], this.#ready[2 * at]);
    } finally {
      this.#continue(count);
    }
  };

  #dispatch(token: number, events: number): void {
    try {
      // An unknown token is a registration that outlived its descriptor.
      const handler = this.#handlers.get(token);
      if (!handler?.comesAlone) this.#rounds = this.#mostRounds;
      handler?.onReady(events);
    } catch (error) {
      // A faulty handler must be seen, but must not stop the others.
      reportError(error);
    }
  }

  #continue(count: number): void {
    if (count > 0) this.#idleRounds = 0;
    else if (this.#idleRounds++ === 0) this.#idleSince = performance.now();
    if (this.#isOver(count)) {
      this.#pause();
      this.#draining = false;
      this.#arm();
      return;
    }
    if (count > 0 && performance.now() >= this.#turnEnds) {
      this.#pause();
      setImmediate(this.#turn);
    } else queueMicrotask(this.#round);
  }

  #isOver(count: number): boolean {
    // What is ready still, or by now, is told of as soon as the thread is asked.
    if (count > 0 ? this.#rounds > 0 : this.#idleRounds < this.#rounds) return false;
    return performance.now() >= this.#expectedUntil;
  }
}

const reactor = new Reactor();

/**
 * A descriptor whose readiness is watched.
 *
 * It does not own the descriptor, and must be closed before it.
 */
export class Watch implements Disposable {
  readonly #fd: number;
  readonly #token: number;
  #referenced = false;
  #closed = false;

  /**
   * Starts watching. What is ready already is told soon after.
   *
   * @param fd The descriptor.
   * @param events The bits of epoll(7) to watch for; ERR and HUP always are.
   * @param handler What is told of events.
   * @throws {SystemError} EPERM for a file that cannot be polled, ENOSPC at
   * the limit of fs.epoll.max_user_watches.
   */
  constructor(fd: number, events: number, handler: ReadyHandler) {
    this.#fd = fd;
    this.#token = reactor.add(fd, events, handler);
  }

  /**
   * Watches for other events from now on.
   *
   * @param events The bits of epoll(7).
   */
  change(events: number): void {
    if (!this.#closed) reactor.change(this.#fd, this.#token, events);
  }

  /** Keeps the process alive until {@linkcode unref} or {@linkcode close}. */
  ref(): void {
    if (this.#referenced || this.#closed) return;
    this.#referenced = true;
    reactor.reference();
  }

  /** Lets the process end although this is watched, as is so at first. */
  unref(): void {
    if (!this.#referenced) return;
    this.#referenced = false;
    reactor.unreference();
  }

  /** Stops watching; the handler is not called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    reactor.remove(this.#fd, this.#token);
    this.unref();
  }

  /** Stops watching at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Polls for a while, as soon as the caller is done, since something is about to
 * become ready: waking up would take as long.
 *
 * @param ms For how long.
 */
export function expectEvent(ms: number): void {
  reactor.expect(ms);
}

/**
 * Ends what {@linkcode expectEvent} has begun: what was expected has come, and
 * whoever else has something to do need not wait.
 */
export function expectNothing(): void {
  reactor.expectNothing();
}

/**
 * Puts off a task until nothing is ready for the moment, for a millisecond at
 * most: for what must be done soon, but not before somebody is served. It must
 * not throw.
 *
 * @param task The task.
 */
export function whenPaused(task: () => void): void {
  reactor.whenPaused(task);
}

/**
 * Starts the reactor, which otherwise starts with the first watch.
 *
 * Its own descriptors (four) stay open as long as the process lives.
 */
export function startReactor(): void {
  reactor.start();
}
