/**
 * Whole streams from one descriptor to another, without a copy (splice(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import type { Fd, FdOwner } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { moved, moveOn, NOT_BEGUN, STEP_BYTES } from "./moving.ts";
import { native } from "./native.ts";
import { openPipe, type PipeEnds } from "./pipe.ts";
import { type Sides, sidesOf } from "./splice.ts";
import { SpliceError } from "./splice_error.ts";
import { Stop } from "./stop.ts";
import { whileOpen } from "./while_open.ts";

const SHUT_WR = 1;
const ENOTCONN = 107;

/** The slots of `enum ipcx_moved` in ffi/ipcx.h. */
const HELD = 1;
const SIDE = 2;
const SIDES = [undefined, "from", "to"] as const;

/** How a stream is pumped. */
export interface PumpOptions {
  /** Whether a socket at the other side can be sent more afterwards: its end is not told to its peer. */
  preventClose?: boolean;
  /** Ends it with its reason; what has left the source and not reached the target by then is lost. */
  signal?: AbortSignal;
}

/** Between two descriptors, with the pipe in between: how much it holds, and how much has arrived. */
class Pump {
  readonly #sides: Sides;
  readonly #pipe: PipeEnds;
  #held = 0;
  #arrived = 0;

  constructor(sides: Sides, pipe: PipeEnds) {
    this.#sides = sides;
    this.#pipe = pipe;
  }

  failure(errno: number, side: "from" | "to" | undefined): SpliceError {
    return new SpliceError("splice", errno, this.#sides.from, this.#sides.to, side, this.#arrived);
  }

  step = (): number => {
    const { from, to } = this.#sides;
    const { reader, writer } = this.#pipe;
    moved[HELD] = this.#held;
    const end = native.ipcx_pump(from.number, to.number, reader.number, writer.number, STEP_BYTES, moved);
    this.#held = moved[HELD];
    this.#arrived += moved[0];
    if (end >= 0) return end;
    // The two do not go together at all if it fails before a byte has come from the source.
    throw this.failure(-end, -end === ERRNO.EINVAL ? undefined : SIDES[moved[SIDE]]);
  };
}

/** A target that takes nothing any more is told at once, and not when something comes for it. */
function watchTarget({ target }: Sides, done: Stop, tell: () => void): void {
  // What cannot be waited for, such as a file, does not hang up either.
  target.waiters.wait("hangup", done).then(tell, () => {});
}

async function pumpAll(sides: Sides, pump: Pump, stop: Stop): Promise<number> {
  const { source, target } = sides;
  const done = new Stop();
  watchTarget(sides, done, () => stop.abort(pump.failure(ERRNO.EPIPE, "to")));
  const move = {
    from: source.waiters,
    to: target.waiters,
    count: Number.MAX_SAFE_INTEGER,
    signal: stop,
    step: pump.step,
  };
  try {
    return await moveOn(move, NOT_BEGUN, 0);
  } finally {
    done.abort(undefined);
  }
}

/**
 * Moves all that comes from one descriptor to another, until its end, through a
 * pipe of its own, without a copy through this process; it waits for both sides.
 *
 * At the end of the source a socket as target is told so (a half-close, SHUT_WR),
 * and can still be read from; a pipe or file as target stays open. One direction
 * of a connection is pumped: {@linkcode relay} does both. Descriptors that came
 * with what is moved are lost: the kernel closes them. Both sides are made
 * nonblocking, and stay so; sends to the target, and receives from the source,
 * wait until all is over. At the end of it neither is closed.
 *
 * @param from A stream socket, a pipe's end to read from, or a file, which is
 * read from its position; it stays the caller's.
 * @param to A stream socket, a pipe's end to write to, or a file that was not
 * opened for appending; it stays the caller's.
 * @param options Whether the end is passed on, and a signal.
 * @returns How many bytes have been moved.
 * @throws {TypeError} For a packet or datagram socket.
 * @throws {SpliceError} EPIPE or ECONNRESET; it says which side failed. A
 * target whose peer has gone is told of at once, even if nothing comes for it.
 * @throws {SystemError} EMFILE if there is no descriptor left for the pipe.
 * @throws {ClosedError} If either is closed meanwhile.
 *
 * @example From one socket into another
 * ```ts
 * import { pump, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [client, left] = UnixSocket.pair();
 * const [right, server] = UnixSocket.pair();
 * await client.send("hello");
 * client.shutdown("write");
 * assertEquals(await pump(left, right), 5);
 * assertEquals((await server.receive())!.text, "hello");
 * assertEquals(await server.receive(), null);
 * for (const socket of [client, left, right, server]) socket.close();
 * ```
 */
export async function pump(from: FdOwner, to: FdOwner, options: PumpOptions = {}): Promise<number> {
  const sides = sidesOf(from, to);
  const { source, target } = sides;
  options.signal?.throwIfAborted();
  const pipe = openPipe();
  using _reader = pipe.reader;
  using _writer = pipe.writer;
  return await whileOpen([source, target], options.signal, (stop) => {
    const all = async (): Promise<number> => {
      const bytes = await pumpAll(sides, new Pump(sides, pipe), stop);
      if (!options.preventClose && sides.targetMedium !== "no socket") passOnEnd(sides.to);
      return bytes;
    };
    return source.receiving.run(() => target.sending.run(all, stop), stop);
  });
}

/**
 * Tells a peer that nothing follows.
 *
 * @param to The socket.
 * @throws {SystemError} As shutdown(2), but for a peer that has gone.
 */
export function passOnEnd(to: Fd): void {
  const result = native.ipcx_shutdown(to.number, SHUT_WR);
  // A peer that has gone by now has taken all the same what was sent.
  if (result !== -ENOTCONN) check(result, "shutdown");
}
