/**
 * How a process ended, for people.
 *
 * @module
 */

import type { ExitStatus } from "../spawn/mod.ts";

/**
 * Puts an end into words that hold no secrets.
 *
 * @param status How the process ended.
 * @returns The same in words, such as `exited with 3`.
 */
export function endInWords({ code, signal }: ExitStatus): string {
  return signal === null ? `exited with ${code}` : `was ended by ${signal}`;
}
