/**
 * Many messages at once, each on a connection of its own.
 *
 * @module
 */

import { SystemError, UnixSocket } from "ipcx";
import { assert } from "@std/assert";
import type { FuzzedMessage, FuzzedMessages } from "./fuzzed_messages.ts";

const PATIENCE_MS = 60_000;

/** Sends so many of a source's messages, makes sure that the broker closes on those that are wrong, and hangs up. */
export async function sendVolley(address: string, messages: FuzzedMessages, count: number): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  await Promise.all(Array.from({ length: count }, () => shoot(address, messages.next(), signal)));
}

async function shoot(address: string, message: FuzzedMessage, signal: AbortSignal): Promise<void> {
  using socket = await UnixSocket.connect(address, { signal });
  const passed = Array.from({ length: message.fds }, () => socket.fd.duplicate());
  try {
    const last = message.pieces.length - 1;
    for (const [at, piece] of message.pieces.entries()) {
      await socket.send(piece, { fds: at === last ? passed : [] });
      // Between the pieces others have their turn, the broker as well.
      if (at < last) await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    // The broker may close after the piece that shows the fault.
    if (!(error instanceof SystemError && error.code === "EPIPE")) throw error;
  } finally {
    for (const fd of passed) fd.close();
  }
  if (message.isWrong) await assertClosed(socket, signal);
}

async function assertClosed(socket: UnixSocket, signal: AbortSignal): Promise<void> {
  try {
    using answer = await socket.receive({ signal });
    assert(answer === null, "an answer to a wrong message");
  } catch (error) {
    if (!(error instanceof SystemError && error.code === "ECONNRESET")) throw error;
  }
}
