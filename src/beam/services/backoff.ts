/**
 * Trying again, with pauses that grow.
 *
 * @module
 */

import { delay } from "../../core/delay.ts";

const FIRST_PAUSE_MS = 20;

/**
 * Decides how long to wait before the next try: twice as long after each
 * failure, and up to a half less by chance, so that many who lost the same
 * peer do not come back at the same moment.
 *
 * @param failures How many tries have failed in a row, 0 or more.
 * @param longest The longest pause, in milliseconds.
 * @returns The pause in milliseconds, 0 before the first try.
 */
export function pauseAfter(failures: number, longest: number): number {
  if (failures === 0) return 0;
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), longest);
  return full * (1 - Math.random() / 2);
}

/** How to try. */
export interface Tries {
  /** How often at the most. */
  attempts: number;
  /** The longest pause, in milliseconds. */
  longestPause: number;
  /** Ends a pause with its reason. */
  signal: AbortSignal;
  /** Whether it may be otherwise the next time. */
  isTransient: (error: unknown) => boolean;
}

/**
 * Tries something until it succeeds, or fails for good.
 *
 * @param tries How.
 * @param run What to try, with the number of the attempt, from 1 on.
 * @returns What it returned.
 * @throws What it threw last.
 */
export async function tryAgain<Result>(
  { attempts, longestPause, signal, isTransient }: Tries,
  run: (attempt: number) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1;; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      if (!isTransient(error) || attempt >= attempts) throw error;
    }
    await delay(pauseAfter(attempt, longestPause), signal);
  }
}
