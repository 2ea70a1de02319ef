/**
 * How long requests took: a histogram, and what can be told from one.
 *
 * @module
 */

/** Upper bounds of the histogram, in seconds. */
export const DURATION_BUCKETS: readonly number[] = [
  0.000_5,
  0.001,
  0.002_5,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
];

/** Durations, counted by how long they were. */
export class LatencyHistogram {
  /** Counts by bucket, not cumulated; the last is for those beyond every bound. */
  readonly counts: number[] = new Array(DURATION_BUCKETS.length + 1).fill(0);
  /** How many there are. */
  count = 0;
  /** Their sum, in seconds. */
  sum = 0;
  /** The longest, in seconds. */
  longest = 0;

  /**
   * Counts one.
   *
   * @param seconds How long it was.
   */
  add(seconds: number): void {
    this.count++;
    this.sum += seconds;
    if (seconds > this.longest) this.longest = seconds;
    let bucket = 0;
    while (bucket < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[bucket]) bucket++;
    this.counts[bucket]++;
  }

  /**
   * Estimates within what time a share of them ended, as if they were spread evenly within each bucket.
   *
   * @param share The share, above 0 and up to 1: 0.95 for the 95th percentile.
   * @returns Seconds, never more than the longest; 0 if there are none.
   */
  quantile(share: number): number {
    const rank = Math.ceil(share * this.count);
    let below = 0;
    for (const [at, count] of this.counts.entries()) {
      if (count > 0 && below + count >= rank) {
        const lower = DURATION_BUCKETS[at - 1] ?? 0;
        const upper = Math.min(DURATION_BUCKETS[at] ?? this.longest, this.longest);
        return lower + Math.max(0, upper - lower) * (rank - below) / count;
      }
      below += count;
    }
    return this.longest;
  }
}
