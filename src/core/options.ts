/**
 * Options of Unix sockets by their names (socket(7), unix(7)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { SO, SOL_SOCKET } from "./linux.ts";
import { native } from "./native.ts";

/** The types of Unix sockets: bytes in a row, packets on a connection, packets without one. */
export type SocketType = "stream" | "seqpacket" | "dgram";

const TYPES: Readonly<Record<SocketType, number>> = { stream: 1, dgram: 2, seqpacket: 5 };

/**
 * Gives the number of a socket type.
 *
 * @param type The type.
 * @returns The number for socket(2).
 */
export function typeNumber(type: SocketType): number {
  return TYPES[type];
}

/**
 * Gives the type that a number stands for.
 *
 * @param number What SO_TYPE says.
 * @returns The type.
 * @throws {RangeError} If Unix sockets have no such type.
 */
export function typeName(number: number): SocketType {
  const found = (Object.keys(TYPES) as SocketType[]).find((name) => TYPES[name] === number);
  if (!found) throw new RangeError(`socket type ${number} is none of stream, seqpacket, dgram`);
  return found;
}

/** The options that can be read and set. */
export interface SocketOptions {
  /** The send buffer in bytes; the kernel doubles what is set, up to twice `net.core.wmem_max`. */
  sendBuffer: number;
  /**
   * The send buffer beyond `net.core.wmem_max`, for CAP_NET_ADMIN; reads as
   * `sendBuffer` (SO_SNDBUFFORCE). Packets may be as large as the buffer less 32
   * bytes, up to 4263616 bytes.
   */
  forcedSendBuffer: number;
  /** The receive buffer in bytes; without effect on Unix sockets. */
  receiveBuffer: number;
  /** Whether messages come with their sender's credentials (SO_PASSCRED). */
  passCredentials: boolean;
  /** Whether messages come with their sender's pidfd (SO_PASSPIDFD, Linux 6.5). */
  passPidfd: boolean;
  /** Whether descriptors are taken at all (SO_PASSRIGHTS, Linux 6.16); senders get EPERM if not. */
  passRights: boolean;
  /** Whether a byte that was sent out of band stays where it was sent, in the data (SO_OOBINLINE). */
  urgentInline: boolean;
  /** Where peeking starts, in bytes, or −1 for the start (SO_PEEK_OFF). */
  peekOffset: number;
}

/** How an option is set, and how it is read if that is another one. */
interface Option {
  number: number;
  readAs?: number;
  kind: "number" | "boolean";
}

const OPTIONS: Readonly<Record<keyof SocketOptions, Option>> = {
  sendBuffer: { number: SO.SNDBUF, kind: "number" },
  forcedSendBuffer: { number: SO.SNDBUFFORCE, readAs: SO.SNDBUF, kind: "number" },
  receiveBuffer: { number: SO.RCVBUF, kind: "number" },
  passCredentials: { number: SO.PASSCRED, kind: "boolean" },
  passPidfd: { number: SO.PASSPIDFD, kind: "boolean" },
  passRights: { number: SO.PASSRIGHTS, kind: "boolean" },
  urgentInline: { number: SO.OOBINLINE, kind: "boolean" },
  peekOffset: { number: SO.PEEK_OFF, kind: "number" },
};

/**
 * Reads an option whose value is one number.
 *
 * @param fd The socket.
 * @param option The number of the option.
 * @param name What the socket is called if that fails.
 * @returns Its value.
 * @throws {SystemError} ENOTSOCK, or ENOPROTOOPT where the kernel has no such option.
 */
export function getNumber(fd: number, option: number, name?: string): number {
  const slot = new Int32Array(1);
  check(native.ipcx_get_option(fd, SOL_SOCKET, option, slot, slot.byteLength), "getsockopt", { address: name });
  return slot[0];
}

/**
 * Sets an option whose value is one number.
 *
 * @param fd The socket.
 * @param option The number of the option.
 * @param value Its value.
 * @throws {SystemError} As setsockopt(2).
 */
export function setNumber(fd: number, option: number, value: number): void {
  const slot = new Int32Array([value]);
  check(native.ipcx_set_option(fd, SOL_SOCKET, option, slot, slot.byteLength), "setsockopt");
}

/**
 * Reads an option by its name.
 *
 * @param fd The socket.
 * @param name The option.
 * @returns The value as the kernel really applies it.
 * @throws {SystemError} ENOPROTOOPT where the kernel has no such option.
 */
export function getOption<Name extends keyof SocketOptions>(fd: number, name: Name): SocketOptions[Name] {
  const { number, readAs = number, kind } = OPTIONS[name];
  const value = getNumber(fd, readAs);
  return (kind === "boolean" ? value !== 0 : value) as SocketOptions[Name];
}

/**
 * Sets an option by its name.
 *
 * @param fd The socket.
 * @param name The option.
 * @param value Its value.
 * @throws {SystemError} As setsockopt(2).
 */
export function setOption<Name extends keyof SocketOptions>(
  fd: number,
  name: Name,
  value: SocketOptions[Name],
): void {
  setNumber(fd, OPTIONS[name].number, Number(value));
}
