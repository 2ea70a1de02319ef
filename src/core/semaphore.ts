/**
 * A number of places, taken and given back.
 *
 * @module
 */

/** Lets so many in at a time; the others wait in the order of their coming. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /**
   * Opens it.
   *
   * @param places How many there are, 1 or more.
   */
  constructor(places: number) {
    this.#free = places;
  }

  /**
   * Takes a place, waiting for one if need be.
   *
   * @param signal Ends the wait with its reason.
   * @returns Gives the place back; the second time nothing happens.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack();
      isTaken = false;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      this.#waiting.delete(enter);
      reject(signal.reason);
    };
    const enter = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    this.#waiting.add(enter);
    signal.addEventListener("abort", abort, { once: true });
    return promise;
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (!next) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
