/**
 * One message to the kernel, without waiting.
 *
 * @module
 */

import { check } from "./errors.ts";
import { ERRNO, MAX_FDS_PER_MESSAGE, MSG } from "./linux.ts";
import type { SendOptions } from "./message.ts";
import { native } from "./native.ts";
import { lengthOf, partsFrom } from "./parts.ts";
import { WOULD_BLOCK } from "./would_block.ts";

/** Up to here it costs less to copy what is gathered than to ask where it is. */
const MOST_COPIED_BYTES = 65_536;

/** What the shim takes as one piece; the kernel is given the place of what is larger, and takes of a stream what it can. */
const MOST_BYTES = 0x7fffffff;

// Calls are synchronous, so one set of buffers serves every socket.
const sentFds = new Int32Array(MAX_FDS_PER_MESSAGE);
const gathered = new Uint8Array(MOST_COPIED_BYTES);

/** The descriptors that go along, where the shim looks for them. */
function putFds(options: SendOptions): number {
  const count = options.fds?.length ?? 0;
  for (let at = 0; at < count; at++) sentFds[at] = options.fds![at].number;
  return count;
}

function putCredentials({ credentials }: SendOptions): Int32Array<ArrayBuffer> | null {
  return credentials ? new Int32Array([credentials.pid, credentials.uid, credentials.gid]) : null;
}

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
  if (data.length > MOST_BYTES) return sendPartsNow(fd, [data], 0, options, name, address);
  const flags = options.more ? MSG.MORE : 0;
  let result: number;
  if (options.fds === undefined && options.credentials === undefined && name === null) {
    result = native.ipcx_send_bytes(fd, data, data.length, flags);
  } else {
    const count = putFds(options);
    const fds = count > 0 ? sentFds : null;
    const credentials = putCredentials(options);
    result = native.ipcx_send(fd, data, data.length, fds, count, credentials, name, name?.length ?? 0, flags);
  }
  if (result >= 0) return result;
  if (result === -ERRNO.EAGAIN) return WOULD_BLOCK;
  return check(result, "sendmsg", address === undefined ? {} : { address });
}

/**
 * Hands one message that is gathered from several places to the kernel.
 *
 * @param fd The socket.
 * @param parts The bytes, in their order.
 * @param skipped How many of them are not to be sent any more.
 * @param options What goes along; `signal` is not looked at.
 * @param name The bytes of the destination's name, or null.
 * @param address The destination, for an error to name.
 * @returns The bytes taken, or {@linkcode WOULD_BLOCK}.
 * @throws {SystemError} As sendmsg(2).
 */
export function sendPartsNow(
  fd: number,
  parts: readonly Uint8Array<ArrayBuffer>[],
  skipped: number,
  options: SendOptions,
  name: Uint8Array<ArrayBuffer> | null,
  address?: string,
): number | typeof WOULD_BLOCK {
  const length = lengthOf(parts);
  if (length <= MOST_COPIED_BYTES) {
    let end = 0;
    for (const part of parts) {
      gathered.set(part, end);
      end += part.length;
    }
    return sendNow(fd, gathered.subarray(skipped, length), options, name, address);
  }
  const { table, count } = partsFrom(parts, skipped);
  const n = putFds(options);
  const fds = n > 0 ? sentFds : null;
  const flags = options.more ? MSG.MORE : 0;
  const credentials = putCredentials(options);
  const result = native.ipcx_send_parts(fd, table, count, fds, n, credentials, name, name?.length ?? 0, flags);
  if (result === -ERRNO.EAGAIN) return WOULD_BLOCK;
  return check(result, "sendmsg", address === undefined ? {} : { address });
}
