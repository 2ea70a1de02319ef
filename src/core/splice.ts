/**
 * Bytes into pipes and out of them without a copy (splice(2), tee(2)).
 *
 * @module
 */

import { areOthersDue } from "./fairness.ts";
import { type Fd, fdOf, type FdOwner } from "./fd.ts";
import { ERRNO, SPLICE } from "./linux.ts";
import type { Medium } from "./medium.ts";
import { checkPlace, MOVE, moved, moveOn, NOT_BEGUN, STEP_BYTES, upperHalf } from "./moving.ts";
import { native } from "./native.ts";
import { SpliceError } from "./splice_error.ts";
import { type Traffic, trafficOf } from "./traffic.ts";
import { whileOpen } from "./while_open.ts";

/** How bytes are spliced. */
export interface SpliceOptions {
  /**
   * Where in the source to begin, if it is a file, whose own position then stays
   * where it is; without this, it is read from its position, which moves on.
   */
  fromOffset?: number;
  /** Where in the target to begin, if it is a file, as for the source. */
  toOffset?: number;
  /** Whether more will be sent soon, so that a socket of the internet may put it into one segment. */
  more?: boolean;
  /** Ends a wait with its reason; what was moved until then stays moved. */
  signal?: AbortSignal;
}

/** Both sides of a move, ready to be waited for. */
export interface Sides {
  /** The source. */
  readonly from: Fd;
  /** The target. */
  readonly to: Fd;
  /** What goes on with the source. */
  readonly source: Traffic;
  /** What goes on with the target. */
  readonly target: Traffic;
  /** What is behind the source. */
  readonly sourceMedium: Medium;
  /** What is behind the target. */
  readonly targetMedium: Medium;
}

/**
 * Prepares both sides, neither of which waits in a call from now on.
 *
 * @param fromOwner The source.
 * @param toOwner The target.
 * @returns Both.
 * @throws {TypeError} For packets and datagrams, whose boundaries would be lost.
 */
export function sidesOf(fromOwner: FdOwner, toOwner: FdOwner): Sides {
  const from = fdOf(fromOwner);
  const to = fdOf(toOwner);
  const source = trafficOf(from);
  const target = trafficOf(to);
  const sourceMedium = source.flowing(from.number);
  const targetMedium = target.flowing(to.number);
  if (sourceMedium === "packets" || targetMedium === "packets") {
    throw new TypeError(
      "packets and datagrams are not spliced, since they would lose their boundaries: receive and send them",
    );
  }
  return { from, to, source, target, sourceMedium, targetMedium };
}

/** Of a pipe and something else, it is the latter that fails, unless nobody reads the pipe. */
function failedSide({ sourceMedium, targetMedium }: Sides, errno: number): "from" | "to" | undefined {
  if (errno === ERRNO.EINVAL || errno === ERRNO.EBADF || errno === ERRNO.ESPIPE) return undefined;
  if (errno === ERRNO.EPIPE || targetMedium !== "no socket") return "to";
  return sourceMedium !== "no socket" ? "from" : undefined;
}

/**
 * Moves bytes from one side to the other in steps, in turn with whoever else
 * uses either.
 *
 * @param sides The sides.
 * @param count How many bytes at most.
 * @param step Does one step: `step` of `Move`.
 * @param signal Ends a wait with its reason.
 * @returns How many were moved.
 */
async function moveInTurn(
  { source, target }: Sides,
  count: number,
  step: (at: number) => number,
  signal?: AbortSignal,
): Promise<number> {
  let end: number = areOthersDue() ? MOVE.DONE : NOT_BEGUN;
  let bytes = 0;
  if (end === NOT_BEGUN && source.receiving.isFree && target.sending.isFree && !signal?.aborted) {
    end = step(0);
    bytes = moved[0];
    if (end === MOVE.ENDED || bytes === count) return bytes;
  }
  return await whileOpen([source, target], signal, (stop) => {
    const move = { from: source.waiters, to: target.waiters, count, signal: stop, step };
    return source.receiving.run(() => target.sending.run(() => moveOn(move, end, bytes), stop), stop);
  });
}

/**
 * Moves bytes from a pipe to a socket, file or other pipe, or the other way,
 * without a copy through this process; it waits for both sides.
 *
 * One of the two has to be a pipe. Between two sockets, {@linkcode pump} goes
 * through a pipe of its own. Descriptors that came with what is moved are lost:
 * the kernel closes them. Both sides are made nonblocking, and stay so: that
 * also goes for others who share them. Sends and receives of a socket are done
 * in turn with this, which keeps both turns until it ends.
 *
 * @param from A pipe's end to read from, a stream socket, or a file; it stays the caller's.
 * @param to A pipe's end to write to, a stream socket, or a file that was not
 * opened for appending; it stays the caller's.
 * @param count How many bytes to move.
 * @param options Offsets in files, and a signal.
 * @returns How many were moved: fewer than asked for only if the source has ended.
 * @throws {RangeError} If count or an offset is not a whole number from 0 to 2^53 − 1.
 * @throws {TypeError} For a packet or datagram socket.
 * @throws {SpliceError} EPIPE if the target takes nothing any more, ECONNRESET if
 * the peer has reset the connection; EINVAL, EBADF or ESPIPE if the two do not go together.
 * @throws {ClosedError} If either is closed meanwhile.
 *
 * @example Into a pipe, and out of it again
 * ```ts
 * import { openPipe, splice, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, left] = UnixSocket.pair();
 * const [right, far] = UnixSocket.pair();
 * const { reader, writer } = openPipe();
 * await near.send("hello");
 * assertEquals(await splice(left, writer, 5), 5);
 * assertEquals(await splice(reader, right, 5), 5);
 * assertEquals((await far.receive())!.text, "hello");
 * for (const open of [near, left, right, far, reader, writer]) open.close();
 * ```
 */
export async function splice(
  from: FdOwner,
  to: FdOwner,
  count: number,
  options: SpliceOptions = {},
): Promise<number> {
  const { fromOffset, toOffset, more, signal } = options;
  checkPlace("count", count);
  const start = checkPlace("an offset", fromOffset ?? toOffset ?? 0);
  if (fromOffset !== undefined && toOffset !== undefined) {
    throw new RangeError("only one side can have an offset: the other has to be a pipe");
  }
  const sides = sidesOf(from, to);
  const flags = (fromOffset === undefined ? 0 : SPLICE.FROM_AT) | (toOffset === undefined ? 0 : SPLICE.TO_AT) |
    (more ? SPLICE.MORE : 0);
  const step = (at: number): number => {
    const most = Math.min(count - at, STEP_BYTES);
    const offset = start + at;
    const end = native.ipcx_splice(
      sides.from.number,
      sides.to.number,
      most,
      flags,
      offset >>> 0,
      upperHalf(offset),
      moved,
    );
    if (end >= 0) return end;
    throw new SpliceError("splice", -end, sides.from, sides.to, failedSide(sides, -end), at + moved[0]);
  };
  if (count === 0) return 0;
  return await moveInTurn(sides, count, step, signal);
}

/**
 * Duplicates what is in a pipe into another one, without a copy, and leaves it
 * there to be read; it waits until there is something, and room for it.
 *
 * It always begins with the next byte that would be read: whoever wants to
 * duplicate more has to read, or {@linkcode splice}, so many bytes first.
 *
 * @param from The end to read from of a pipe; it stays the caller's.
 * @param to The end to write to of another pipe; it stays the caller's.
 * @param count How many bytes at most.
 * @param options A signal, which ends a wait with its reason.
 * @returns How many were duplicated, at least one; 0 if the source has ended, or for a count of 0.
 * @throws {RangeError} If the count is not a whole number from 0 to 2^53 − 1.
 * @throws {SpliceError} EPIPE if nobody reads the target any more; EINVAL or EBADF
 * if these are not the right ends of two pipes.
 * @throws {ClosedError} If either is closed meanwhile.
 *
 * @example Twice the same
 * ```ts
 * import { openPipe, tee, writeAll } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [source, copy] = [openPipe(), openPipe()];
 * await writeAll(source.writer, "hello");
 * assertEquals(await tee(source.reader, copy.writer, 100), 5);
 * assertEquals(await tee(source.reader, copy.writer, 4), 4);
 * for (const { reader, writer } of [source, copy]) {
 *   reader.close();
 *   writer.close();
 * }
 * ```
 */
export async function tee(
  from: Fd,
  to: Fd,
  count: number,
  options: { signal?: AbortSignal } = {},
): Promise<number> {
  checkPlace("count", count);
  const sides = sidesOf(from, to);
  const most = Math.min(count, STEP_BYTES);
  const step = (): number => {
    const end = native.ipcx_tee(from.number, to.number, most, moved);
    if (end < 0) throw new SpliceError("tee", -end, from, to, failedSide(sides, -end), 0);
    // Once is enough: the next call would duplicate the same again.
    return moved[0] > 0 ? MOVE.ENDED : end;
  };
  if (count === 0) return 0;
  return await moveInTurn(sides, count, step, options.signal);
}
