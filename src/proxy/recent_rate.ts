/**
 * How often something happened within the last minute.
 *
 * @module
 */

const SECONDS = 60;

/** Counts events by the second, and forgets them after a minute. */
export class RecentRate {
  readonly #now: () => number;
  readonly #started: number;
  readonly #counts = new Uint32Array(SECONDS);
  /** Of which second each count is. */
  readonly #stamps = new Float64Array(SECONDS).fill(-1);

  /**
   * Begins to count.
   *
   * @param now The time in milliseconds; a clock that never goes back.
   */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#started = now();
  }

  /** Counts an event. */
  add(): void {
    const second = Math.floor(this.#now() / 1000);
    const slot = second % SECONDS;
    if (this.#stamps[slot] !== second) {
      this.#stamps[slot] = second;
      this.#counts[slot] = 0;
    }
    this.#counts[slot]++;
  }

  /** Events per second in the last minute, or since it began to count if that is less; over 1 s at least. */
  get perSecond(): number {
    const now = this.#now();
    const oldest = Math.floor(now / 1000) - SECONDS + 1;
    let sum = 0;
    for (let slot = 0; slot < SECONDS; slot++) if (this.#stamps[slot] >= oldest) sum += this.#counts[slot];
    const covered = Math.min(now - oldest * 1000, now - this.#started) / 1000;
    return sum / Math.max(1, covered);
  }
}
