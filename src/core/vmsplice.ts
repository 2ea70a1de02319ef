/**
 * Memory into pipes without a copy (vmsplice(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { areOthersDue } from "./fairness.ts";
import type { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { MOVE, moved, moveOn, NOT_BEGUN } from "./moving.ts";
import { native } from "./native.ts";
import { isShared } from "./shared_memory.ts";
import { trafficOf } from "./traffic.ts";

/**
 * Puts parts of shared memory into a pipe without a copy; it waits for room.
 *
 * The pipe gets the pages themselves, which has its price:
 *
 * - Whoever reads the pipe sees what is in the memory by then. Leave it unchanged
 *   so long: that all of it is in the pipe, as this tells, does not mean that it
 *   was read. Nothing tells that; let the reader answer, or use each place once. That goes for {@linkcode splice} to a socket and {@linkcode tee},
 *   too, which pass the pages on.
 * - Memory of JavaScript is refused: it may be given to somebody else, or be moved,
 *   while it is still in the pipe, and others would read what was put there since.
 *   Shared memory may be closed at any time: pages that are in a pipe stay there.
 * - A pipe holds 16 pages; each part takes up as many as it touches. So parts that are
 *   small, or lie across pages, fill it before it holds 65536 bytes.
 *
 * The pages are never given away (SPLICE_F_GIFT). The pipe is made nonblocking,
 * and stays so.
 *
 * @param to A pipe's end to write to; it stays the caller's.
 * @param parts Parts of {@linkcode SharedMemory.bytes}, in their order.
 * @param options A signal, which ends a wait with its reason.
 * @returns How many bytes were put in, which are all.
 * @throws {TypeError} If a part is no shared memory.
 * @throws {SystemError} EBADF if it is not the end of a pipe that is written to,
 * EPIPE if nobody reads it.
 * @throws {ClosedError} If it is closed meanwhile.
 *
 * @example What is read is what is there by then
 * ```ts
 * import { openPipe, SharedMemory, splice, UnixSocket, vmsplice } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using memory = SharedMemory.create(4096);
 * const { reader, writer } = openPipe();
 * const [left, right] = UnixSocket.pair();
 * memory.bytes.set(new TextEncoder().encode("before"));
 * await vmsplice(writer, [memory.bytes.subarray(0, 6)]);
 * memory.bytes.set(new TextEncoder().encode("BE"));
 * await splice(reader, left, 6);
 * assertEquals((await right.receive())!.text, "BEfore");
 * for (const open of [reader, writer, left, right]) open.close();
 * ```
 */
export async function vmsplice(
  to: Fd,
  parts: readonly Uint8Array<ArrayBuffer>[],
  options: { signal?: AbortSignal } = {},
): Promise<number> {
  const { signal } = options;
  if (!parts.every(({ buffer }) => isShared(buffer))) {
    throw new TypeError("only shared memory goes into a pipe without a copy: other memory does not stay what it is");
  }
  const traffic = trafficOf(to);
  traffic.flowing(to.number);
  return await traffic.sending.run(async () => {
    let sum = 0;
    for (const part of parts) {
      const step = (at: number): number => {
        // What was detached meanwhile has no bytes any more.
        const put = at < part.length ? native.ipcx_vmsplice(to.number, part, at, part.length - at) : 0;
        moved[0] = Math.max(put, 0);
        if (put === -ERRNO.EAGAIN) return MOVE.FULL;
        return check(put, "vmsplice", { address: `to fd:${to.number}` }) === 0 ? MOVE.ENDED : NOT_BEGUN;
      };
      const move = { to: traffic.waiters, count: part.length, signal, step };
      sum += await moveOn(move, areOthersDue() ? MOVE.DONE : NOT_BEGUN, 0);
    }
    return sum;
  }, signal);
}
