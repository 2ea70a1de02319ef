/**
 * Whether anybody serves at an address, asked without making a connection.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { KernelPort } from "../core/diag_port.ts";
import { askForUnconnected } from "../core/diag_questions.ts";
import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { reach } from "../core/reach.ts";

/** How long a file system may take to answer, in milliseconds. */
export const PATIENCE_MS = 2000;

/** Who is at an address. */
export type SocketState =
  | { readonly is: "served" | "absent" | "late" }
  /** A socket file whose socket is gone. */
  | { readonly is: "stale"; readonly uid: number }
  /** A file that is no socket. */
  | { readonly is: "other" }
  /** It cannot be told, or not by this user. */
  | { readonly is: "refused"; readonly code: string };

/**
 * Waits for something, but no longer than a file system may take.
 *
 * @param promise What is waited for.
 * @returns Its value, or `undefined` if it did not come in time; what is late is left to itself.
 */
export async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? (error as Error).message;
}

/** A datagram socket asks: others are told to be of another type, and hear nothing of it. */
function ask(address: UnixAddress): number {
  using fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
  using name = reach(address, "connect");
  return native.ipcx_connect(fd.number, name.bytes, name.bytes.length);
}

function stateBy(result: number, uid: number): SocketState {
  switch (-result) {
    case ERRNO.ECONNREFUSED:
      return { is: "stale", uid };
    case ERRNO.ENOENT:
      return { is: "absent" };
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return { is: "refused", code: new SystemError("", -result).code };
    default:
      // EPROTOTYPE for streams and packets, EAGAIN or none for datagrams.
      return { is: "served" };
  }
}

async function stateOfFile(address: UnixAddress): Promise<SocketState> {
  let file: Deno.FileInfo | undefined;
  try {
    // Asked first, and by another thread: where that hangs nothing else is tried.
    file = await inTime(Deno.stat(address.filename));
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" || code === "ENOTDIR" ? { is: "absent" } : { is: "refused", code };
  }
  if (!file) return { is: "late" };
  return file.isSocket ? stateBy(ask(address), file.uid ?? -1) : { is: "other" };
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Names of each type are names of their own, so the kernel's list is asked. */
function stateOfName(address: UnixAddress): SocketState {
  const name = new Uint8Array([0, ...address.bytes]);
  try {
    using port = new KernelPort();
    const found = askForUnconnected(port).some((socket) => socket.name && isSame(socket.name, name));
    return { is: found ? "served" : "absent" };
  } catch (error) {
    return { is: "refused", code: codeOf(error) };
  }
}

/**
 * Tells who is at an address.
 *
 * @param address A path or an abstract name.
 * @returns The state, within {@linkcode PATIENCE_MS}.
 */
export async function socketState(address: UnixAddress): Promise<SocketState> {
  return address.kind === "path" ? await stateOfFile(address) : stateOfName(address);
}
