/**
 * Asking whoever has a name, by connecting to it.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { reach } from "../core/reach.ts";

/** What came of it. */
export interface Answer extends Disposable {
  /** The connection, which nobody will ever accept, but which ends when the holder goes. */
  readonly connection?: Fd;
  /** Whether nobody listens: nobody has the name any more, or does not listen yet, or never will. */
  readonly isRefused: boolean;
  /** Why there is no connection. */
  readonly reason: string;
}

const REASONS: Readonly<Record<number, string>> = {
  [ERRNO.EAGAIN]: "as many have asked already as can (net.core.somaxconn)",
  [ERRNO.ECONNREFUSED]: "the socket of that name does not listen, as that of a lock would",
  [ERRNO.EPERM]: "a security module lets nobody ask",
  [ERRNO.EACCES]: "a security module lets nobody ask",
};

/**
 * Connects to whoever listens at a name.
 *
 * @param lock The name.
 * @returns The connection, or why there is none; dispose of it.
 * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors, and what connect(2) does not give for a lock.
 */
export function ask(lock: UnixAddress): Answer {
  const address = `${lock}`;
  const fd = new Fd(check(native.ipcx_socket(typeNumber("stream")), "socket", { address }));
  using name = reach(lock, "connect");
  const errno = -native.ipcx_connect(fd.number, name.bytes, name.bytes.length);
  if (errno === 0) return { connection: fd, isRefused: false, reason: "", [Symbol.dispose]: () => fd.close() };
  fd.close();
  const reason = REASONS[errno];
  if (reason === undefined) check(-errno, "connect", { address });
  return { isRefused: errno === ERRNO.ECONNREFUSED, reason, [Symbol.dispose]() {} };
}
