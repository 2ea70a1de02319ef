/**
 * Work that ends when a descriptor is closed that it does not wait for at the moment.
 *
 * @module
 */

import { ClosedError } from "./errors.ts";
import { Stop } from "./stop.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Does something with several descriptors, unless one of them is closed.
 *
 * @param all What goes on with them.
 * @param signal Ends it as well.
 * @param work What to do; it has to heed what it gets, which ends it also, with a
 * {@linkcode ClosedError}, when one of them is closed or given away.
 * @returns The result of the work.
 */
export async function whileOpen<Result>(
  all: readonly Traffic[],
  signal: AbortSignal | undefined,
  work: (stop: Stop) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const stop = new Stop();
  const close = (): void => stop.abort(new ClosedError("the descriptor was closed"));
  const abort = (): void => stop.abort(signal!.reason);
  const calledOff = all.map((traffic) => traffic.onEnd(close));
  signal?.addEventListener("abort", abort);
  try {
    return await work(stop);
  } finally {
    signal?.removeEventListener("abort", abort);
    for (const callOff of calledOff) callOff();
  }
}
