/**
 * Standard output, for those who look after more than that.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import { EPOLL } from "../core/linux.ts";
import { Watch } from "../core/reactor.ts";

const STANDARD_OUTPUT = 1;

/** What is written to a pipe that has room at all never waits, if it is no more than that (PIPE_BUF). */
const PIECE_BYTES = 4096;

const encoder = new TextEncoder();

function write(bytes: Uint8Array): number {
  try {
    return Deno.stdout.writeSync(bytes);
  } catch (error) {
    throw new Error(`standard output: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes all of it to standard output, and waits as long as that takes.
 *
 * @param data Text or bytes.
 * @throws {Error} If nobody reads it.
 */
export function print(data: string | Uint8Array): void {
  let rest = typeof data === "string" ? encoder.encode(data) : data;
  while (rest.length > 0) rest = rest.subarray(write(rest));
}

/** Waits until there is room for a piece; in a file there always is. */
async function room(signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason);
  let watch: Watch;
  try {
    watch = new Watch(STANDARD_OUTPUT, EPOLL.OUT, { onReady: () => resolve() });
  } catch (error) {
    if (error instanceof SystemError && error.code === "EPERM") return;
    throw error;
  }
  watch.ref();
  signal.addEventListener("abort", abort);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    watch.close();
  }
}

/**
 * Writes all of it to standard output. While nobody reads it, everything else goes on.
 *
 * @param text The text.
 * @param signal Gives up what is not written yet.
 * @throws {Error} If nobody will read it any more.
 */
export async function printInTurn(text: string, signal: AbortSignal): Promise<void> {
  let rest = encoder.encode(text);
  while (rest.length > 0) {
    await room(signal);
    signal.throwIfAborted();
    try {
      rest = rest.subarray(write(rest.subarray(0, PIECE_BYTES)));
    } catch (error) {
      // Somebody else who writes to it was faster.
      if (!((error as Error).cause instanceof Deno.errors.WouldBlock)) throw error;
    }
  }
}
