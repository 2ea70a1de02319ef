/**
 * One message to or from the kernel, without waiting.
 *
 * @module
 */

import { UnixAddress } from "./address.ts";
import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO, MAX_FDS_PER_MESSAGE, MSG, NAME_SIZE } from "./linux.ts";
import { Message, type ReceiveOptions, type SendOptions } from "./message.ts";
import { native } from "./native.ts";
import type { SocketType } from "./options.ts";

/** The slots of `enum ipcx_received` in ffi/ipcx.h. */
const SLOT = { FLAGS: 0, FDS: 1, SURPLUS: 2, CREDENTIALS: 3, PID: 4, UID: 5, GID: 6, PIDFD: 7, STAMPED: 8, NAME: 9 };
const SLOTS = 10;

const DEFAULT_MAX_BYTES = 65536;

// Calls are synchronous, so one set of buffers serves every socket.
const received = new Int32Array(SLOTS);
const receivedFds = new Int32Array(MAX_FDS_PER_MESSAGE);
const receivedName = new Uint8Array(NAME_SIZE);
let scratch = new Uint8Array(DEFAULT_MAX_BYTES);

/** The result of a call that would have had to wait. */
export const WOULD_BLOCK: unique symbol = Symbol("would block");

/**
 * Hands one message to the kernel.
 *
 * @param fd The socket.
 * @param data The bytes.
 * @param options What goes along; `signal` is not looked at.
 * @param name The bytes of the destination's name, or null.
 * @param address The destination, for an error to name.
 * @returns The bytes taken, or {@linkcode WOULD_BLOCK}.
 * @throws {SystemError} As sendmsg(2).
 */
export function sendNow(
  fd: number,
  data: Uint8Array<ArrayBuffer>,
  options: SendOptions,
  name: Uint8Array<ArrayBuffer> | null,
  address?: string,
): number | typeof WOULD_BLOCK {
  const fds = options.fds?.length ? Int32Array.from(options.fds, (fd) => fd.number) : null;
  const sender = options.credentials;
  const result = native.ipcx_send(
    fd,
    data,
    data.length,
    fds,
    fds?.length ?? 0,
    sender ? new Int32Array([sender.pid, sender.uid, sender.gid]) : null,
    name,
    name?.length ?? 0,
    options.more ? MSG.MORE : 0,
  );
  if (result === -ERRNO.EAGAIN) return WOULD_BLOCK;
  return check(result, "sendmsg", address === undefined ? {} : { address });
}

function messageFrom(bytes: number, buffer: Uint8Array<ArrayBuffer>, own: boolean): Message {
  const kept = Math.min(bytes, buffer.length);
  const nameLength = received[SLOT.NAME];
  return new Message({
    data: own ? buffer.slice(0, kept) : buffer.subarray(0, kept),
    length: bytes,
    truncated: (received[SLOT.FLAGS] & MSG.TRUNC) !== 0,
    controlTruncated: (received[SLOT.FLAGS] & MSG.CTRUNC) !== 0 || received[SLOT.SURPLUS] > 0,
    fds: Array.from(receivedFds.subarray(0, received[SLOT.FDS]), (number) => new Fd(number)),
    credentials: received[SLOT.CREDENTIALS]
      ? { pid: received[SLOT.PID], uid: received[SLOT.UID] >>> 0, gid: received[SLOT.GID] >>> 0 }
      : undefined,
    pidfd: received[SLOT.PIDFD] >= 0 ? new Fd(received[SLOT.PIDFD]) : undefined,
    from: nameLength > 0 ? UnixAddress.fromKernel(receivedName.subarray(0, nameLength)) : undefined,
  });
}

/**
 * Takes one message from the kernel.
 *
 * @param fd The socket.
 * @param type Its type; a SEQPACKET socket has SO_TIMESTAMP on, since only the
 * time stamp tells an empty packet from the end.
 * @param options How to receive; `signal` is not looked at.
 * @returns The message, null at the end of a connection, or {@linkcode WOULD_BLOCK}.
 * @throws {SystemError} As recvmsg(2).
 */
export function receiveNow(
  fd: number,
  type: SocketType,
  options: ReceiveOptions,
): Message | null | typeof WOULD_BLOCK {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  if (!options.buffer && scratch.length < maxBytes) scratch = new Uint8Array(maxBytes);
  const buffer = options.buffer ?? (maxBytes === scratch.length ? scratch : scratch.subarray(0, maxBytes));
  const result = native.ipcx_receive(
    fd,
    buffer,
    buffer.length,
    receivedFds,
    Math.min(options.maxFds ?? MAX_FDS_PER_MESSAGE, MAX_FDS_PER_MESSAGE),
    received,
    type === "dgram" ? receivedName : null,
    // On a packet socket MSG_TRUNC asks for the true length; on a stream it would throw the data away.
    (type === "stream" ? 0 : MSG.TRUNC) | (options.peek ? MSG.PEEK : 0),
  );
  if (result === -ERRNO.EAGAIN) return WOULD_BLOCK;
  const bytes = check(result, "recvmsg");
  if (bytes === 0 && type !== "dgram" && !received[SLOT.STAMPED]) return null;
  return messageFrom(bytes, buffer, !options.buffer);
}
