/**
 * Descriptors that were to be sockets, and are none.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { SystemError } from "../core/errors.ts";

/**
 * Says in words of the command line that `fd:N` is no Unix socket.
 *
 * @param address Where a connection was wanted.
 * @param error What was thrown.
 * @returns An error that says so, or the one that was thrown if it is another matter.
 */
export function asNoSocket(address: UnixAddress, error: unknown): unknown {
  if (address.kind !== "fd" || !(error instanceof SystemError) || error.syscall !== "getsockopt") return error;
  return new Error(`${address} is no Unix socket (${error.code}): pass one, such as ipcx pair and ipcx spawn do`);
}
