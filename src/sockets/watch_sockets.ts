/**
 * Which sockets come and go.
 *
 * @module
 */

import { delay } from "../core/delay.ts";
import type { SocketEntry } from "./entry.ts";
import { listSockets, type ListSocketsOptions } from "./list_sockets.ts";

/** What has happened to a socket since the last look. */
export interface SocketChange {
  /**
   * - `here`: it was there when the watch began.
   * - `came`: it is new, or fits the filter now.
   * - `changed`: its state, name, peer or file is another, or it has become full or is so no more.
   * - `went`: it was closed, or does not fit the filter any more.
   */
  readonly event: "here" | "came" | "changed" | "went";
  /** The socket as it is now; one that went as it was last seen, with the last processes that had it. */
  readonly socket: SocketEntry;
}

/** What to watch, and how often to look. */
export interface WatchSocketsOptions extends ListSocketsOptions {
  /** The time between two looks, 1–2 147 483 647 milliseconds; by default 1000. */
  interval?: number;
  /** Ends the watch. */
  signal?: AbortSignal;
}

const DEFAULT_INTERVAL_MS = 1000;
const MAX_INTERVAL_MS = 0x7fffffff;

/** What counts as a change; queues and processes would change all the time. */
function appearanceOf({ state, address, file, peer, isFull }: SocketEntry): string {
  return [state, address, file, peer?.inode, isFull].join("\n");
}

/**
 * Compares two lists.
 *
 * @param before The sockets by their ids, as they were.
 * @param after The same as they are.
 * @returns Those that went, then those that came or changed, in the order of their lists.
 */
export function changesBetween(
  before: ReadonlyMap<string, SocketEntry>,
  after: ReadonlyMap<string, SocketEntry>,
): SocketChange[] {
  const changes: SocketChange[] = [];
  for (const [id, socket] of before) {
    if (!after.has(id)) changes.push({ event: "went", socket });
  }
  for (const [id, socket] of after) {
    const known = before.get(id);
    if (!known) changes.push({ event: "came", socket });
    else if (appearanceOf(known) !== appearanceOf(socket)) changes.push({ event: "changed", socket });
  }
  return changes;
}

/**
 * Keeps what was known of who has sockets open. Of a process that has just ended
 * a socket may still be seen, and nobody who has it.
 *
 * @param before The sockets by their ids, as they were.
 * @param after The same as they are.
 * @returns Those that are, with the processes of before where there are none.
 */
export function withKnownProcesses(
  before: ReadonlyMap<string, SocketEntry>,
  after: ReadonlyMap<string, SocketEntry>,
): Map<string, SocketEntry> {
  return new Map(Array.from(after, ([id, socket]) => {
    const processes = before.get(id)?.processes;
    return [id, processes && !socket.processes?.length ? { ...socket, processes } : socket];
  }));
}

/**
 * Tells which sockets come, change and go.
 *
 * The kernel tells nobody of Unix sockets by itself: the whole list is asked for
 * again and again. What comes and goes between two looks is not seen.
 *
 * @param options What to watch, and how often to look.
 * @returns All changes of a look at once, none of them empty; first, and even if
 * it is empty, those that are there. It ends when the signal is aborted.
 * @throws {RangeError} For an interval out of its range.
 * @throws {SystemError} As {@linkcode listSockets}.
 *
 * @example Until the first new listener
 * ```ts
 * import { UnixListener, watchSockets } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const address = `@example-${crypto.randomUUID()}`;
 * let listener: UnixListener | undefined;
 * for await (const changes of watchSockets({ addresses: [address], states: ["listening"], interval: 10 })) {
 *   if (changes.length === 0) listener = UnixListener.listen(address);
 *   else {
 *     assertEquals(changes.map(({ event }) => event), ["came"]);
 *     break;
 *   }
 * }
 * listener?.close();
 * ```
 */
export async function* watchSockets(options: WatchSocketsOptions = {}): AsyncGenerator<readonly SocketChange[]> {
  const { interval = DEFAULT_INTERVAL_MS, signal } = options;
  if (!(interval >= 1 && interval <= MAX_INTERVAL_MS)) {
    throw new RangeError(`an interval is 1 to ${MAX_INTERVAL_MS} milliseconds, not ${interval}`);
  }
  const look = (): Map<string, SocketEntry> => new Map(listSockets(options).map((socket) => [socket.id, socket]));
  let known = look();
  yield Array.from(known.values(), (socket): SocketChange => ({ event: "here", socket }));
  while (!signal?.aborted) {
    try {
      await delay(interval, signal);
    } catch {
      return;
    }
    const now = look();
    const changes = changesBetween(known, now);
    known = withKnownProcesses(known, now);
    if (changes.length > 0) yield changes;
  }
}
