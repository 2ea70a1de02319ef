/**
 * Limits that are found by trying.
 *
 * @module
 */

import { check } from "../core/errors.ts";

/**
 * Finds the largest number for which a call works.
 *
 * @param syscall The call.
 * @param low A number for which it works.
 * @param high A number that is not tried, above all that are.
 * @param attempt Tries it, and gives −errno if it failed; what works for a number works for every smaller one.
 * @returns The largest, `high − 1` if it works for all.
 * @throws {SystemError} If it does not even work for the first.
 */
export function largest(syscall: string, low: number, high: number, attempt: (number: number) => number): number {
  check(attempt(low), syscall);
  let most = low;
  let tooMany = high;
  while (tooMany - most > 1) {
    const middle = most + Math.floor((tooMany - most) / 2);
    if (attempt(middle) >= 0) most = middle;
    else tooMany = middle;
  }
  return most;
}

/**
 * Counts how often something works before it fails.
 *
 * @param most How often it is tried.
 * @param attempt Does it once; gives −errno if it failed.
 * @returns How often it worked, and the result of the first failure, 0 if there was none.
 */
export function untilRefused(most: number, attempt: (count: number) => number): { count: number; refusal: number } {
  for (let count = 0; count < most; count++) {
    const result = attempt(count);
    if (result < 0) return { count, refusal: result };
  }
  return { count: most, refusal: 0 };
}
