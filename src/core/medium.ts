/**
 * What is behind a descriptor, as far as moving bytes is concerned.
 *
 * @module
 */

import { check } from "./errors.ts";
import { AF_UNIX, SO, SOL_SOCKET } from "./linux.ts";
import { native } from "./native.ts";

/** A Unix stream, a stream of the internet, packets or datagrams, or no socket: a pipe, a file. */
export type Medium = "unix" | "internet" | "packets" | "no socket";

const SOCK_STREAM = 1;

const slot = new Int32Array(1);

function optionOf(number: number, option: number): number {
  return native.ipcx_get_option(number, SOL_SOCKET, option, slot, slot.byteLength);
}

/**
 * Finds out what is behind a descriptor, no call on which waits from now on.
 *
 * @param number The descriptor.
 * @returns What it is.
 * @throws {SystemError} EBADF.
 */
export function prepareMedium(number: number): Medium {
  check(native.ipcx_set_nonblocking(number), "fcntl", { address: `fd:${number}` });
  if (optionOf(number, SO.TYPE) < 0) return "no socket";
  if (slot[0] !== SOCK_STREAM) return "packets";
  check(optionOf(number, SO.DOMAIN), "getsockopt");
  return slot[0] === AF_UNIX ? "unix" : "internet";
}
