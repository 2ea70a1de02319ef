/**
 * How often something comes, whatever else the machine is busy with.
 *
 * @module
 */

import { assert } from "@std/assert";

/**
 * The gap between times that is in the middle of all gaps by its length.
 *
 * @param times When something came, one after the other; at least six times.
 * @returns The gap.
 */
export function medianGap(times: readonly number[]): number {
  assert(times.length >= 6, `it came ${times.length} times only`);
  const gaps = times.slice(1).map((time, at) => time - times[at]);
  return gaps.sort((one, other) => one - other)[gaps.length >> 1];
}
