/**
 * One after the other, in the order of asking.
 *
 * @module
 */

import type { StopSignal } from "./stop.ts";

/**
 * Lets one operation at a time run, first come, first served.
 *
 * Messages that are sent at the same time must not mix on a stream, and
 * messages must be received in the order in which they were asked for.
 */
export class Turns {
  readonly #queue = new Set<() => void>();
  #taken = false;

  /** Whether nobody has a turn, so that one may go ahead without asking. */
  get isFree(): boolean {
    return !this.#taken;
  }

  /**
   * Runs an operation when those before it have ended, well or not.
   *
   * @param operation What to run.
   * @param signal Ends the wait for the turn with its reason.
   * @returns The operation's result.
   */
  async run<T>(operation: () => Promise<T>, signal?: StopSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    try {
      return await operation();
    } finally {
      this.#pass();
    }
  }

  #wait(signal?: StopSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const turn = (): void => {
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      this.#queue.delete(turn);
      reject(signal!.reason);
    };
    this.#queue.add(turn);
    signal?.addEventListener("abort", abort, { once: true });
    return promise;
  }

  #pass(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#taken = false;
      return;
    }
    // The turn stays taken, so that nobody comes in before the one who waited.
    this.#queue.delete(next);
    next();
  }
}
