/**
 * Waiting for somebody who listens, as `--wait` does.
 *
 * @module
 */

import { delay } from "../core/delay.ts";
import { SystemError } from "../core/errors.ts";

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** What says that nobody listens there yet. */
export const NOBODY_THERE: readonly string[] = ["ENOENT", "ECONNREFUSED"];

/**
 * Connects, again and again until somebody listens: no event tells that a name is listened at.
 *
 * @param waits Whether to try more than once.
 * @param connect Tries.
 * @param signal Ends the wait with its reason.
 * @returns What came of it.
 */
export async function whenSomebodyListens<Connection>(
  waits: boolean,
  connect: () => Promise<Connection>,
  signal?: AbortSignal,
): Promise<Connection> {
  for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await connect();
    } catch (error) {
      if (!waits || !(error instanceof SystemError) || !NOBODY_THERE.includes(error.code)) throw error;
    }
    await delay(pause, signal);
  }
}
