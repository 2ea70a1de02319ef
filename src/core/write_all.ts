/**
 * Bytes to TCP connections and pipes (sendmsg(2), writev(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { areOthersDue } from "./fairness.ts";
import type { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import type { Payload } from "./message.ts";
import { MOVE, moved, moveOn, NOT_BEGUN, STEP_BYTES } from "./moving.ts";
import { native } from "./native.ts";
import { lengthOf, MAX_PARTS, partsFrom, someOf } from "./parts.ts";
import { sendPartsNow } from "./send_now.ts";
import { trafficOf } from "./traffic.ts";
import { WOULD_BLOCK } from "./would_block.ts";

/** How bytes are written. */
export interface WriteOptions {
  /**
   * Whether more will be sent soon, so that the kernel may wait for it, at most
   * 200 ms, and send both in one segment (MSG_MORE): for sockets of the internet,
   * ignored elsewhere.
   */
  more?: boolean;
  /** Ends a wait for room with its reason; what was written until then stays written. */
  signal?: AbortSignal;
}

const encoder = new TextEncoder();

function partsOf(data: Payload): readonly Uint8Array<ArrayBuffer>[] {
  if (typeof data === "string") return [encoder.encode(data)];
  return data instanceof Uint8Array ? [data] : data;
}

function writePartsNow(fd: number, parts: readonly Uint8Array<ArrayBuffer>[], skipped: number): number {
  const { table, count } = partsFrom(parts, skipped);
  const result = native.ipcx_write_parts(fd, table, count);
  return result === -ERRNO.EAGAIN ? result : check(result, "write", { address: `fd:${fd}` });
}

/**
 * Writes all of it to a TCP connection or a pipe, waiting for room if need be;
 * several buffers go in one call. A {@linkcode UnixSocket} has `send` for that.
 *
 * Writes are done in turn with {@linkcode sendFile} and {@linkcode splice} to the
 * same descriptor. It is made nonblocking, and stays so: that also goes for
 * others who share it.
 *
 * @param to The descriptor of a stream socket, of a pipe's end to write to, or of a file; it stays the caller's.
 * @param data The bytes; text is written as UTF-8.
 * @param options Whether more follows, and a signal.
 * @returns How many bytes were written, which are all.
 * @throws {RangeError} For more than 1024 buffers.
 * @throws {TypeError} For a packet or datagram socket.
 * @throws {SystemError} EPIPE or ECONNRESET if the peer has gone, EBADF if it is
 * not open for writing, ENOSPC.
 * @throws {ClosedError} If it is closed meanwhile.
 *
 * @example The head of an answer and a file in one segment
 * ```ts
 * import { type Fd, sendFile, writeAll } from "ipcx";
 *
 * export async function answer(connection: Fd, file: Fd, size: number): Promise<void> {
 *   const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`;
 *   await writeAll(connection, head, { more: true });
 *   await sendFile(connection, file, { count: size });
 * }
 * ```
 */
export async function writeAll(to: Fd, data: Payload, options: WriteOptions = {}): Promise<number> {
  const { more, signal } = options;
  const parts = partsOf(data);
  if (parts.length > MAX_PARTS) throw new RangeError(`${parts.length} buffers in one call; ${MAX_PARTS} are the most`);
  const traffic = trafficOf(to);
  const medium = traffic.flowing(to.number);
  if (medium === "packets") throw new TypeError("packets and datagrams are sent, not written: use UnixSocket.send");
  const count = lengthOf(parts);
  const writeNow = (parts: readonly Uint8Array<ArrayBuffer>[], skipped: number, more?: boolean): number => {
    const result = medium === "no socket"
      ? writePartsNow(to.number, parts, skipped)
      : sendPartsNow(to.number, parts, skipped, { more }, null, `fd:${to.number}`);
    return result === WOULD_BLOCK ? -ERRNO.EAGAIN : result;
  };
  const step = (at: number): number => {
    // A reader that is as fast would keep the kernel busy with one call until its end.
    const isLast = count - at <= STEP_BYTES;
    const result = isLast ? writeNow(parts, at, more) : writeNow(someOf(parts, at, STEP_BYTES), 0, true);
    moved[0] = Math.max(result, 0);
    if (result < 0) return MOVE.FULL;
    return result === STEP_BYTES ? MOVE.DONE : NOT_BEGUN;
  };
  if (count === 0) return 0;
  const begin = areOthersDue() ? MOVE.DONE : NOT_BEGUN;
  return await traffic.sending.run(() => moveOn({ to: traffic.waiters, count, signal, step }, begin, 0), signal);
}
