/**
 * How long to wait, and how long between two attempts where nothing tells when.
 *
 * @module
 */

import { delay } from "../core/delay.ts";

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** The longest that timers can wait. */
const MAX_TIMEOUT_MS = 0x7fffffff;

/** Thrown inside, when time is up. */
class TimeIsUp extends Error {}

/** The patience of one attempt. */
export class Patience implements Disposable {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.#stop.abort(this.#signal!.reason);
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE_MS;

  /**
   * Begins.
   *
   * @param timeout When it ends, in milliseconds; by default never.
   * @param signal Ends it with its reason.
   */
  constructor(timeout: number | undefined, signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
    if (timeout !== undefined && timeout < Infinity) {
      this.#timer = setTimeout(() => this.#stop.abort(new TimeIsUp()), timeout);
    }
  }

  /**
   * Waits.
   *
   * @param wait What for; it ends with the reason of the signal that it is given.
   * @returns Whether there is time left.
   * @throws The reason of the caller's signal.
   */
  async spend(wait: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    try {
      await wait(this.#stop.signal);
      return true;
    } catch (error) {
      if (error instanceof TimeIsUp) return false;
      throw error;
    }
  }

  /**
   * Waits a little longer than the last time.
   *
   * @returns Whether there is time left.
   */
  pause(): Promise<boolean> {
    const ms = this.#pause;
    this.#pause = Math.min(2 * ms, LONGEST_PAUSE_MS);
    return this.spend((signal) => delay(ms, signal));
  }

  /** The next pause is a short one again. */
  renew(): void {
    this.#pause = FIRST_PAUSE_MS;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

/**
 * Makes sure that a time-out can be kept.
 *
 * @param timeout Milliseconds.
 * @throws {RangeError} If it is negative, no number, or too long.
 */
export function checkTimeout(timeout: number | undefined): void {
  if (timeout === undefined || timeout === Infinity) return;
  if (timeout >= 0 && timeout <= MAX_TIMEOUT_MS) return;
  throw new RangeError(`timeout is 0 to ${MAX_TIMEOUT_MS} milliseconds, or Infinity, not ${timeout}`);
}
