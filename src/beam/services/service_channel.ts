/**
 * The private channel on which connections to one name change hands.
 *
 * Whoever asks has opened it with `sendPipe(name)`. The other end sends one
 * connection unasked, and one more for each message that names the name again.
 *
 * @module
 */

import { isPeerGone } from "../../core/errors.ts";
import type { Fd } from "../../core/fd.ts";
import type { Message } from "../../core/message.ts";
import { UnixSocket } from "../../core/socket.ts";
import { Beam } from "../beam.ts";
import { NoServiceError, refusalIn } from "./no_service.ts";
import type { BeamSettings } from "../options.ts";

/**
 * Takes over a private channel.
 *
 * @param fd Its descriptor; the channel's from now on, but closed on failure.
 * @param settings How the beam speaks that it came through, or was opened on.
 * @returns The channel, which takes no more from the socket than it is asked to:
 * every message may hold a connection, and those behind it are to wait.
 * @throws {SystemError} ENOTSOCK or EAFNOSUPPORT if it is no Unix socket.
 */
export function channelOver(fd: Fd, settings: BeamSettings): Beam {
  return Beam.fromFd(fd, { ...settings, skipWithoutFd: false, readAhead: false });
}

/**
 * Opens a private channel.
 *
 * @param beam Through which it is opened.
 * @param name The name, which the peer sees.
 * @param signal Ends the wait for room.
 * @returns The near end, the caller's.
 */
export async function openChannel(beam: Beam, name: string, signal: AbortSignal): Promise<Beam> {
  const near = await beam.sendPipe(name, { signal });
  return channelOver(near.release(), beam.settings);
}

/**
 * Receives the next connection that comes on a channel.
 *
 * @param channel The channel.
 * @param name The name, for the error.
 * @param signal Ends the wait.
 * @returns The connection, the caller's.
 * @throws {NoServiceError} If the peer refuses, or is gone.
 * @throws {SystemError} ENOTSOCK or EAFNOSUPPORT if what came is no Unix socket.
 */
export async function receiveConnection(channel: Beam, name: string, signal: AbortSignal): Promise<UnixSocket> {
  for (;;) {
    using message = await receiveOr(channel, name, signal);
    const fd = message.takeFd();
    if (fd) return UnixSocket.fromFd(fd);
    const refusal = refusalIn(message);
    if (refusal) throw new NoServiceError(name, refusal);
  }
}

async function receiveOr(channel: Beam, name: string, signal: AbortSignal): Promise<Message> {
  let cause: unknown;
  try {
    const message = await channel.receive({ signal });
    if (message) return message;
  } catch (error) {
    if (!isPeerGone(error)) throw error;
    cause = error;
  }
  throw new NoServiceError(name, "unanswered", cause);
}
