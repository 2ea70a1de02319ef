/**
 * Files to sockets without a copy through this process (sendfile(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { areOthersDue } from "./fairness.ts";
import { type Fd, fdOf, type FdOwner } from "./fd.ts";
import { checkPlace, MOVE, moved, moveOn, NOT_BEGUN, STEP_BYTES, upperHalf } from "./moving.ts";
import { native } from "./native.ts";
import { sendFilePacket } from "./send_file_packet.ts";
import { sendFileWithMore } from "./send_file_with_more.ts";
import { trafficOf } from "./traffic.ts";
import { whileOpen } from "./while_open.ts";

/** What of a file is sent, and how. */
export interface SendFileOptions {
  /** Where to begin, in bytes from the start of the file; 0 by default. */
  offset?: number;
  /** How many bytes to send; by default all up to the end of the file. */
  count?: number;
  /**
   * Whether more will be sent soon, so that the kernel may wait and send both in
   * one segment (MSG_MORE): only for sockets of the internet, ignored elsewhere.
   */
  more?: boolean;
  /** Ends a wait for room with its reason; what was sent until then stays sent. */
  signal?: AbortSignal;
}

/** Sends what there is room for, as one step of moving. */
function sendFileNow(to: Fd, file: Fd, offset: number, count: number): number {
  const most = Math.min(count, STEP_BYTES);
  const end = native.ipcx_send_file(to.number, file.number, offset >>> 0, upperHalf(offset), most, moved);
  return end >= 0 ? end : check(end, "sendfile", { address: `to fd:${to.number}` });
}

/**
 * Sends a part of a file, which is not copied through this process; offset and
 * count are given with each call, and the file's own position stays where it is.
 * So parts of one file can be sent in any order, to any number of receivers.
 *
 * On a stream the pages of the file themselves are put in the queue: whoever
 * changes the file before the receiver has read it changes what is received. A
 * memfd that is sealed against writing is safe from that.
 *
 * On a packet or datagram socket each call sends one packet, whole or not at all:
 * an array of messages in a file is sent one call a message. (By itself the
 * kernel would split it at every 16th page, for a user with very many pipes at
 * every other page; so what does not lie within one page is copied.) No packet
 * is sent for no bytes.
 *
 * Sends are done in turn with those of {@linkcode UnixSocket.send}. The target is
 * made nonblocking, and stays so: that also goes for others who share it.
 *
 * @param to A connected Unix socket, or the descriptor of a TCP connection, of a
 * pipe's end to write to, or of a file; it stays the caller's.
 * @param file A regular file, open for reading, or memory; it stays the caller's.
 * @param options What of it, and how.
 * @returns How many bytes were sent: fewer than asked for at the end of the file.
 * @throws {RangeError} If offset or count is not a whole number from 0 to 2^53 − 1.
 * @throws {SystemError} EPIPE or ECONNRESET if the peer has gone; EINVAL or ESPIPE
 * if the source is no regular file; EBADF if it is not open for reading, or the
 * target not for writing; EMSGSIZE for a packet that the socket cannot take.
 * @throws {ClosedError} If the target or the file is closed meanwhile.
 *
 * @example Two messages out of one file
 * ```ts
 * import { sendFile, SharedMemory, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using messages = SharedMemory.create(10);
 * messages.bytes.set(new TextEncoder().encode("helloworld"));
 * const [left, right] = UnixSocket.pair("seqpacket");
 * await sendFile(left, messages, { offset: 5, count: 5 });
 * await sendFile(left, messages, { offset: 0, count: 5 });
 * assertEquals((await right.receive())!.text, "world");
 * assertEquals((await right.receive())!.text, "hello");
 * left.close();
 * right.close();
 * ```
 */
export async function sendFile(to: FdOwner, file: FdOwner, options: SendFileOptions = {}): Promise<number> {
  const { signal } = options;
  const offset = checkPlace("offset", options.offset ?? 0);
  const count = checkPlace("count", options.count ?? Number.MAX_SAFE_INTEGER);
  const target = fdOf(to);
  const source = fdOf(file);
  const traffic = trafficOf(target);
  const medium = traffic.flowing(target.number);
  let end: number = areOthersDue() ? MOVE.DONE : NOT_BEGUN;
  let sent = 0;
  if (count === 0) return 0;
  if (options.more && medium === "internet") {
    return await whileOpen([traffic, trafficOf(source)], signal, (stop) => {
      return traffic.sending.run(() => sendFileWithMore(target, source, offset, count, stop), stop);
    });
  }
  const sendNow = medium === "packets" ? sendFilePacket : sendFileNow;
  if (end === NOT_BEGUN && traffic.sending.isFree && !signal?.aborted) {
    end = sendNow(target, source, offset, count);
    sent = moved[0];
    if (end === MOVE.ENDED || sent === count) return sent;
  }
  const step = (at: number): number => sendNow(target, source, offset + at, count - at);
  return await whileOpen([traffic, trafficOf(source)], signal, (stop) => {
    const move = { to: traffic.waiters, count, signal: stop, step };
    return traffic.sending.run(() => moveOn(move, end, sent), stop);
  });
}
