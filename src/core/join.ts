/**
 * Joining a connection to standard input and output.
 *
 * @module
 */

import { adoptSocket } from "./adoption.ts";
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
 * answer; a peer that has closed ends the input.
 *
 * @param socket A stream socket; given away.
 * @param options Input and output.
 * @returns A promise without a value, when all has been copied.
 * @throws {Error} If the output fails, or the connection is reset.
 */
export async function join(socket: UnixSocket, options: JoinOptions): Promise<void> {
  const connection = adoptSocket(socket);
  const stop = new AbortController();
  const sending = options.input ? send(connection, options.input, stop.signal) : Promise.resolve(void connection.end());
  try {
    await receive(connection, options.output);
    if (options.endsWithPeer) stop.abort();
    await sending;
  } finally {
    stop.abort();
    await sending.catch(() => {});
    connection.destroy();
  }
}

type Connection = ReturnType<typeof adoptSocket>;

async function send(connection: Connection, input: ReadableStream<Uint8Array>, stop: AbortSignal): Promise<void> {
  const reader = input.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  stop.addEventListener("abort", cancel);
  connection.once("close", cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || connection.destroyed) break;
      if (!connection.write(value)) await drained(connection);
    }
  } finally {
    stop.removeEventListener("abort", cancel);
    connection.removeListener("close", cancel);
  }
  if (connection.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.end(resolve);
  connection.once("close", resolve);
  await promise;
}

function drained(connection: Connection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => {
    connection.removeListener("drain", settle);
    connection.removeListener("close", settle);
    resolve();
  };
  connection.once("drain", settle);
  connection.once("close", settle);
  return promise;
}

async function receive(connection: Connection, output: WritableStream<Uint8Array>): Promise<void> {
  const writer = output.getWriter();
  try {
    // By itself a finished iteration would destroy the socket, and with it what is still to be sent.
    for await (const chunk of connection.iterator({ destroyOnReturn: false })) await writer.write(chunk);
  } catch (error) {
    // A peer that dies with data of ours unread resets the connection: an end like another.
    if ((error as { code?: string }).code !== "ECONNRESET") throw error;
  } finally {
    writer.releaseLock();
  }
}
