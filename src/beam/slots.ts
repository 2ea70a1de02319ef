/**
 * So many at once, and no more.
 *
 * @module
 */

/** Places of which there is a fixed number: whoever finds none waits, first come, first served. */
export class Slots {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /**
   * Provides places.
   *
   * @param count How many.
   */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a place, waiting for one if need be.
   *
   * @param signal Ends the wait with its reason.
   * @returns A promise without a value; call {@linkcode free} afterwards.
   */
  take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const turn = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      this.#waiting.delete(turn);
      reject(signal.reason);
    };
    this.#waiting.add(turn);
    signal.addEventListener("abort", abort, { once: true });
    return promise;
  }

  /** Gives a place back, to whoever has waited longest. */
  free(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
