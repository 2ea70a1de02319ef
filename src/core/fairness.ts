/**
 * A turn for timers, signals and other I/O while there is no end of messages.
 *
 * An operation that need not wait ends in a microtask, and so does the next: a
 * peer that sends faster than it is read would keep everything else waiting.
 *
 * @module
 */

import type { StopSignal } from "./stop.ts";

/** How many operations may follow each other: a few hundred microseconds' worth. */
const LONGEST_STREAK = 256;

let streak = 0;

/**
 * Counts an operation that is about to be tried.
 *
 * @returns Whether others are due first.
 */
export function areOthersDue(): boolean {
  if (++streak < LONGEST_STREAK) return false;
  streak = 0;
  return true;
}

/**
 * Counts operations that were done along with one that was tried.
 *
 * @param count How many.
 */
export function countOperations(count: number): void {
  streak += count;
}

/**
 * Lets the event loop go round once.
 *
 * @param signal Ends the wait with its reason.
 * @returns A promise without a value.
 */
export async function letOthersRun(signal?: StopSignal): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
