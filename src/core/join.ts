/**
 * Joining a connection to standard input and output.
 *
 * @module
 */

import { ONLY_HANGUP } from "./connection.ts";
import { isPeerGone } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { Watch } from "./reactor.ts";
import type { UnixSocket } from "./socket.ts";

/** What to join a connection to. */
export interface JoinOptions {
  /** What is sent to the peer; without it, the peer is told at once that nothing comes. */
  input?: ReadableStream<Uint8Array>;
  /** Where to put what the peer sends. */
  output: WritableStream<Uint8Array>;
  /** Whether the end of what the peer sends ends the input too, as a person at a terminal expects. */
  endsWithPeer?: boolean;
}

/**
 * Copies both ways between a connection and a pair of streams, until both ways
 * have come to their end.
 *
 * The end of the input is passed on as a half-close, so the peer may still
 * answer; a peer that has closed ends the input. All that it sent before is
 * still put out: `node:net` would drop that at the first write that fails, so
 * the connection is not handed over.
 *
 * @param socket A stream socket; given away.
 * @param options Input and output.
 * @returns A promise without a value, when all has been copied.
 * @throws {Error} If the input or the output fails.
 */
export async function join(socket: UnixSocket, options: JoinOptions): Promise<void> {
  using connection = socket;
  using held = connection.fd.duplicate();
  const stop = new AbortController();
  using _watch = watchHangup(held, () => stop.abort());
  const receiving = receive(connection, options.output).then(() => {
    if (options.endsWithPeer) stop.abort();
  });
  try {
    await Promise.all([receiving, send(connection, options.input, stop.signal)]);
  } finally {
    stop.abort();
  }
}

/** The end of what the peer sends says nothing of what it takes; a hang-up says that it takes no more. */
function watchHangup(fd: Fd, tell: () => void): Watch {
  const watch = new Watch(fd.number, ONLY_HANGUP, {
    onReady() {
      watch.close();
      tell();
    },
  });
  // An input that stays silent does not keep the process alive by itself.
  watch.ref();
  return watch;
}

async function send(
  connection: UnixSocket,
  input: ReadableStream<Uint8Array> | undefined,
  stop: AbortSignal,
): Promise<void> {
  const reader = input?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => {});
  stop.addEventListener("abort", cancel);
  try {
    for (;;) {
      const { done, value } = await reader?.read() ?? { done: true };
      if (done) break;
      await connection.send(value as Uint8Array<ArrayBuffer>, { signal: stop });
    }
    connection.shutdown("write");
  } catch (error) {
    cancel();
    if (!stop.aborted && !isPeerGone(error)) throw error;
  } finally {
    stop.removeEventListener("abort", cancel);
  }
}

async function receive(connection: UnixSocket, output: WritableStream<Uint8Array>): Promise<void> {
  const writer = output.getWriter();
  try {
    for (;;) {
      using message = await connection.receive({ maxFds: 0 });
      if (!message) break;
      await writer.write(message.data);
    }
  } catch (error) {
    // A peer that dies with data of ours unread resets the connection: an end like another.
    if (!isPeerGone(error)) throw error;
  } finally {
    writer.releaseLock();
  }
}
