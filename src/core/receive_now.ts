/**
 * Messages from the kernel, without waiting.
 *
 * @module
 */

import { UnixAddress } from "./address.ts";
import { check, SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO, MAX_FDS_PER_MESSAGE, MSG, NAME_SIZE } from "./linux.ts";
import { Message, type ReceiveManyOptions, type ReceiveOptions } from "./message.ts";
import { native } from "./native.ts";
import type { SocketType } from "./options.ts";
import { lengthOf, partsFrom } from "./parts.ts";
import { WOULD_BLOCK } from "./would_block.ts";

/** The slots of `enum ipcx_received` in ffi/ipcx.h. */
const SLOT = {
  FLAGS: 0,
  FDS: 1,
  SURPLUS: 2,
  CREDENTIALS: 3,
  PID: 4,
  UID: 5,
  GID: 6,
  PIDFD: 7,
  STAMPED: 8,
  NAME: 9,
  LENGTH: 10,
};
const SLOTS = 11;

/** The most bytes that are received at once, unless something else is asked for. */
export const DEFAULT_MAX_BYTES = 65536;

/** The most messages that are received in one call. */
export const MAX_MESSAGES = 64;

/** The most bytes that the shim takes in one piece, and so does the kernel, but for a page. */
const MOST_BYTES = 0x7fffffff;

/** Room for small messages behind the first one, which may be as large as allowed. */
const ROOM_BEHIND = 65536;

/** Whoever keeps a message keeps no more than this of those that came with it. */
const MOST_SHARED_BYTES = 16384;

/** What is small enough to share memory with others. */
const MOST_SMALL_BYTES = 2048;

// Calls are synchronous, so one set of buffers serves every socket.
const received = new Int32Array(SLOTS * MAX_MESSAGES);
const receivedFds = new Int32Array(2 * MAX_FDS_PER_MESSAGE);
const receivedName = new Uint8Array(NAME_SIZE);
let scratch = new Uint8Array(DEFAULT_MAX_BYTES);
let shared = new Uint8Array(MOST_SHARED_BYTES);
let sharedEnd = 0;

const RECEIVED = Deno.UnsafePointer.of(received);
const RECEIVED_FDS = Deno.UnsafePointer.of(receivedFds);
const RECEIVED_NAME = Deno.UnsafePointer.of(receivedName);

/** A buffer for what will be copied out of it at once. */
function scratchOf(size: number): Uint8Array<ArrayBuffer> {
  if (scratch.length < size) scratch = new Uint8Array(size);
  return scratch;
}

/** Memory of its own costs a small message more than everything else about it: so they share some. */
function copyOf(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length > MOST_SMALL_BYTES) return bytes.slice(0, length);
  if (length > shared.length - sharedEnd) {
    shared = new Uint8Array(MOST_SHARED_BYTES);
    sharedEnd = 0;
  }
  const copy = new Uint8Array(shared.buffer, sharedEnd, length);
  copy.set(bytes.length === length ? bytes : bytes.subarray(0, length));
  sharedEnd += length;
  return copy;
}

/** Wraps what came along. */
function messageFrom(
  data: Uint8Array<ArrayBuffer>,
  kept: number,
  length: number,
  slots: number,
  firstFd: number,
  from?: UnixAddress,
): Message {
  const flags = received[slots + SLOT.FLAGS];
  const lost = (flags & MSG.CTRUNC) !== 0;
  const fds: Fd[] = [];
  for (let at = 0; at < received[slots + SLOT.FDS]; at++) fds.push(new Fd(receivedFds[firstFd + at]));
  return new Message({
    data,
    kept,
    length,
    truncated: (flags & MSG.TRUNC) !== 0,
    controlTruncated: lost || received[slots + SLOT.SURPLUS] > 0,
    fdsLost: lost,
    fds,
    credentials: received[slots + SLOT.CREDENTIALS]
      ? {
        pid: received[slots + SLOT.PID],
        uid: received[slots + SLOT.UID] >>> 0,
        gid: received[slots + SLOT.GID] >>> 0,
      }
      : undefined,
    pidfd: received[slots + SLOT.PIDFD] >= 0 ? new Fd(received[slots + SLOT.PIDFD]) : undefined,
    from,
  });
}

/** Whether it was no message of no bytes. */
function isEnd(type: SocketType, slots: number): boolean {
  return type !== "dgram" && received[slots + SLOT.STAMPED] === 0 && received[slots + SLOT.NAME] === 0;
}

/**
 * Takes one message from the kernel.
 *
 * @param fd The socket.
 * @param type Its type; for SEQPACKET, `tellEmptyFromEnd` must have been called before.
 * @param options How to receive; `signal` and `waitAll` are not looked at.
 * @returns The message, null at the end of a connection, or {@linkcode WOULD_BLOCK}.
 * @throws {SystemError} As recvmsg(2).
 */
export function receiveNow(
  fd: number,
  type: SocketType,
  options: ReceiveOptions,
): Message | null | typeof WOULD_BLOCK {
  const { buffers } = options;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const buffer = options.buffer ?? scratchOf(maxBytes);
  const size = buffers ? lengthOf(buffers) : options.buffer ? Math.min(buffer.length, MOST_BYTES) : maxBytes;
  const maxFds = options.maxFds ?? MAX_FDS_PER_MESSAGE;
  const name = type === "stream" ? null : RECEIVED_NAME;
  // On a packet socket MSG_TRUNC asks for the true length; on a stream it would throw the data away.
  const flags = (type === "stream" ? 0 : MSG.TRUNC) | (options.peek ? MSG.PEEK : 0);
  let bytes: number;
  if (buffers) {
    const { table, count } = partsFrom(buffers);
    bytes = native.ipcx_receive_parts(fd, table, count, RECEIVED_FDS, maxFds, RECEIVED, name, flags);
  } else bytes = native.ipcx_receive(fd, buffer, size, RECEIVED_FDS, maxFds, RECEIVED, name, flags);
  if (bytes === -ERRNO.EAGAIN) return WOULD_BLOCK;
  if (bytes < 0) check(bytes, "recvmsg");
  if (bytes === 0 && isEnd(type, 0)) return null;
  const kept = buffers ? 0 : Math.min(bytes, size);
  const data = options.buffer ?? copyOf(buffer, kept);
  const nameLength = type === "dgram" ? received[SLOT.NAME] : 0;
  const from = nameLength > 0 ? UnixAddress.fromKernel(receivedName.subarray(0, nameLength)) : undefined;
  return messageFrom(data, kept, bytes, 0, 0, from);
}

/** How much of what one call took goes into memory that its messages share: all of it, or none. */
function sharedBytes(count: number, maxBytes: number): number {
  let sum = 0;
  for (let slots = 0; slots < count * SLOTS; slots += SLOTS) {
    sum += Math.min(Math.max(received[slots + SLOT.LENGTH], 0), maxBytes);
  }
  return sum <= MOST_SHARED_BYTES ? sum : 0;
}

/** What one call took. */
export interface ReceivedMany {
  /** The messages, in their order. */
  messages: Message[];
  /** A failure behind them, which the kernel tells only once. */
  failure?: SystemError;
}

/**
 * Takes the messages that are there from the kernel.
 *
 * @param fd The socket.
 * @param type Its type; as for {@linkcode receiveNow}.
 * @param options How to receive; `signal` is not looked at.
 * @returns The messages, none of them at the end of a connection, or {@linkcode WOULD_BLOCK}.
 * @throws {SystemError} As recvmsg(2).
 */
export function receiveManyNow(
  fd: number,
  type: SocketType,
  options: ReceiveManyOptions,
): ReceivedMany | typeof WOULD_BLOCK {
  const { maxBytes = DEFAULT_MAX_BYTES, maxFds = MAX_FDS_PER_MESSAGE, maxMessages = MAX_MESSAGES } = options;
  const size = maxBytes + ROOM_BEHIND;
  const buffer = scratchOf(size);
  const result = native.ipcx_receive_many(
    fd,
    buffer,
    size,
    maxBytes,
    receivedFds,
    receivedFds.length,
    maxFds,
    received,
    maxMessages,
    type === "stream" ? 0 : MSG.TRUNC,
  );
  if (result === -ERRNO.EAGAIN) return WOULD_BLOCK;
  const count = check(result, "recvmsg");
  const messages: Message[] = [];
  // Memory of its own costs a small message more than everything else about it.
  const all = buffer.slice(0, sharedBytes(count, maxBytes));
  let used = 0;
  let taken = 0;
  for (let slots = 0; slots < count * SLOTS; slots += SLOTS) {
    const length = received[slots + SLOT.LENGTH];
    if (length < 0) return { messages, failure: new SystemError("recvmsg", -length) };
    if (length === 0 && isEnd(type, slots)) break;
    const end = used + Math.min(length, maxBytes);
    const data = end <= all.length ? all.subarray(used, end) : buffer.slice(used, end);
    messages.push(messageFrom(data, data.length, length, slots, taken));
    used = end;
    taken += received[slots + SLOT.FDS];
  }
  return { messages };
}
