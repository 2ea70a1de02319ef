/**
 * A part of a file that shares a segment with what is sent after it.
 *
 * @module
 */

import { check } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { MOVE, moved, moveOn, NOT_BEGUN, upperHalf } from "./moving.ts";
import { native } from "./native.ts";
import { openPipe } from "./pipe.ts";
import { SPLICE } from "./linux.ts";
import type { StopSignal } from "./stop.ts";
import { trafficOf } from "./traffic.ts";

/** What a new pipe holds. */
const PIPE_BYTES = 65_536;

/**
 * Sends a part of a file through a pipe: unlike sendfile(2), splice(2) can be
 * told that more is to come.
 *
 * @param to A stream socket of the internet.
 * @param file The file.
 * @param offset Where to begin.
 * @param count How many bytes, 1 or more.
 * @param signal Ends a wait for room with its reason.
 * @returns How many were sent: fewer than asked for at the end of the file.
 * @throws {SystemError} As {@linkcode sendFile}.
 */
export async function sendFileWithMore(
  to: Fd,
  file: Fd,
  offset: number,
  count: number,
  signal?: StopSignal,
): Promise<number> {
  const ends = openPipe();
  using reader = ends.reader;
  using writer = ends.writer;
  const { waiters } = trafficOf(to);
  const context = { address: `to fd:${to.number}` };
  const sendHeld = (held: number): Promise<number> => {
    const step = (at: number): number => {
      const end = native.ipcx_splice(reader.number, to.number, held - at, SPLICE.MORE, 0, 0, moved);
      return check(end, "sendfile", context);
    };
    return moveOn({ to: waiters, count: held, signal, step }, NOT_BEGUN, 0);
  };
  let sent = 0;
  for (let end: number = MOVE.DONE; sent < count && end !== MOVE.ENDED;) {
    const at = offset + sent;
    const some = Math.min(count - sent, PIPE_BYTES);
    const filled = native.ipcx_splice(
      file.number,
      writer.number,
      some,
      SPLICE.FROM_AT,
      at >>> 0,
      upperHalf(at),
      moved,
    );
    end = check(filled, "sendfile", context);
    if (moved[0] > 0) sent += await sendHeld(moved[0]);
  }
  return sent;
}
