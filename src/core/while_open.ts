/**
 * Work that ends when a descriptor is closed that it does not wait for at the moment.
 *
 * @module
 */

import { ClosedError } from "./errors.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Does something with several descriptors, unless one of them is closed.
 *
 * @param all What goes on with them.
 * @param signal Ends it as well.
 * @param work What to do; it has to heed the signal that it gets, which is
 * aborted with a {@linkcode ClosedError} when one of them is closed or given away.
 * @returns The result of the work.
 */
export async function whileOpen<Result>(
  all: readonly Traffic[],
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const closing = new AbortController();
  const tell = (): void => closing.abort(new ClosedError("the descriptor was closed"));
  const calledOff = all.map((traffic) => traffic.onEnd(tell));
  try {
    return await work(signal ? AbortSignal.any([signal, closing.signal]) : closing.signal);
  } finally {
    for (const callOff of calledOff) callOff();
  }
}
