/**
 * Moving bytes step by step, and waiting for the side that is not ready.
 *
 * @module
 */

import { letOthersRun } from "./fairness.ts";
import type { StopSignal } from "./stop.ts";
import type { Waiters } from "./waiters.ts";

/** How a step ended: `enum ipcx_move` in ffi/ipcx.h. */
export const MOVE = { DONE: 0, ENDED: 1, EMPTY: 2, FULL: 3 } as const;

/** Before the first step. */
export const NOT_BEGUN = -1;

/** What one step moves at most, so that others get a turn: less than a millisecond's worth. */
export const STEP_BYTES: number = 2 ** 22;

/** Where a step tells what it moved: `enum ipcx_moved`. Calls are synchronous, so one serves all. */
export const moved: Int32Array<ArrayBuffer> = new Int32Array(3);

/** A count or an offset that is as large as it gets. */
const MOST = Number.MAX_SAFE_INTEGER;

/** What is moved, and who is waited for meanwhile. */
export interface Move {
  /** How many bytes to move at most. */
  readonly count: number;
  /** Those who wait for the source, if it may have nothing yet. */
  readonly from?: Waiters;
  /** Those who wait for the target. */
  readonly to: Waiters;
  /** Ends the wait with its reason. */
  readonly signal?: StopSignal;
  /**
   * Does one step.
   *
   * @param at How many bytes were moved before.
   * @returns One of {@linkcode MOVE}; the bytes are in {@linkcode moved}.
   */
  step(at: number): number;
}

/**
 * Goes on until all has been moved, or until the source has ended.
 *
 * @param move What to move.
 * @param end How the step before ended, or {@linkcode NOT_BEGUN}.
 * @param bytes How many bytes were moved before.
 * @returns How many were moved, those before included.
 */
export async function moveOn(move: Move, end: number, bytes: number): Promise<number> {
  const { count, from, to, signal } = move;
  let total = bytes;
  for (;;) {
    if (end === MOVE.EMPTY) {
      from!.exhausted("readable");
      await from!.wait("readable", signal);
    } else if (end === MOVE.FULL) {
      to.exhausted("writable");
      await to.wait("writable", signal);
    } else if (end === MOVE.DONE) await letOthersRun(signal);
    end = move.step(total);
    total += moved[0];
    if (end === MOVE.ENDED || total >= count) return total;
  }
}

/**
 * Makes sure that a number of bytes, or a place in a file, is one.
 *
 * @param name What it is called.
 * @param value The number.
 * @returns The number.
 * @throws {RangeError} If it is not a whole number from 0 to 2^53 − 1.
 */
export function checkPlace(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > MOST) {
    throw new RangeError(`${name} is a whole number from 0 to ${MOST}, not ${value}`);
  }
  return value;
}

/** The upper half of a number of 64 bits; the lower half is what `>>> 0` leaves. */
export function upperHalf(value: number): number {
  return Math.floor(value / 2 ** 32);
}
