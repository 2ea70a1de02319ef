/**
 * Calls with whatever values, and what the kernel says to them: a result of 0 or
 * more, or −errno.
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { AF_UNIX, EPOLL, EPOLL_CTL, OPEN, SOL_SOCKET } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { type SocketType, typeNumber } from "../core/options.ts";
import { openPath } from "../core/reach.ts";

/** Two sockets, connected to each other. */
export class Pair implements Disposable {
  /** One of them. */
  readonly left: Fd;
  /** The other one. */
  readonly right: Fd;

  private constructor(ends: Int32Array) {
    this.left = new Fd(ends[0]);
    this.right = new Fd(ends[1]);
  }

  /** Makes a pair: of nonblocking sockets, as all are here. */
  static of(type: SocketType): Pair {
    const ends = new Int32Array(2);
    check(native.ipcx_socketpair(typeNumber(type), ends), "socketpair");
    return new Pair(ends);
  }

  /** Makes a pair in a process that has ended since. */
  static orphaned(type: SocketType): Pair {
    const ends = new Int32Array(2);
    check(native.ipcx_probe_orphaned_pair(typeNumber(type), ends), "clone");
    return new Pair(ends);
  }

  /** Closes both, and what is on its way between them. */
  [Symbol.dispose](): void {
    this.left.close();
    this.right.close();
  }
}

/** Makes a Unix socket without a name. */
export function newSocket(type: SocketType): Fd {
  return new Fd(check(native.ipcx_socket(typeNumber(type)), "socket"));
}

/** Opens something that is no socket and is there everywhere, to be passed on. */
export function openNothing(): Fd {
  return openPath("/", OPEN.READ | OPEN.DIRECTORY);
}

/** More descriptors than any probe has open at once. */
const ROOM = 8;

/**
 * Makes sure that there is room for descriptors: where there is none some calls
 * fail, and others are silent and give less.
 *
 * @throws {Error} If there is not enough.
 */
export function checkRoom(): void {
  const open: Fd[] = [];
  try {
    for (let count = 0; count < ROOM; count++) open.push(openNothing());
  } catch (error) {
    throw new Error(`it takes ${ROOM} descriptors, and there is room for ${open.length}: ${(error as Error).message}`);
  } finally {
    for (const fd of open) fd.close();
  }
}

/**
 * Gives the name of an error.
 *
 * @param result What a call gave.
 * @returns Such as `"EINVAL"`, or `"none"` if it did not fail.
 */
export function errorIn(result: number): string {
  return result < 0 ? new SystemError("", -result).code : "none";
}

let zeros = new Uint8Array();

/** Memory that nobody looks at. */
export function anyBytes(size: number): Uint8Array<ArrayBuffer> {
  if (zeros.length < size) zeros = new Uint8Array(size);
  return zeros.subarray(0, size);
}

/** Lets go of that memory: the largest messages took a lot of it. */
export function forgetBytes(): void {
  zeros = new Uint8Array();
}

/** What goes along with a message. */
export interface SendParts {
  /** Control messages, laid out as for sendmsg(2). */
  control?: Uint8Array<ArrayBuffer>;
  /** How many times the data is sent, as one message. */
  parts?: number;
  /** Flags of sendmsg(2). */
  flags?: number;
}

/** Sends one message without waiting: the bytes, or as many as said. */
export function send(socket: Fd, data: Uint8Array<ArrayBuffer> | number, along: SendParts = {}): number {
  const { control, parts = 1, flags = 0 } = along;
  const bytes = typeof data === "number" ? anyBytes(data) : data;
  return native.ipcx_probe_send(
    socket.number,
    bytes,
    bytes.length,
    parts,
    control ?? null,
    control?.length ?? 0,
    flags,
  );
}

/** Sends one byte to a name, without waiting. */
export function sendTo(socket: Fd, name: Uint8Array<ArrayBuffer>, byte = 0): number {
  return native.ipcx_send(socket.number, new Uint8Array([byte]), 1, null, 0, null, name, name.length, 0);
}

/** What recvmsg(2) gave. */
export interface Received {
  /** Its result: the bytes, or −errno. */
  readonly result: number;
  /** The bytes that were put into the buffer. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** What it said of the message. */
  readonly flags: number;
  /** The control messages; descriptors in them are the caller's. */
  readonly control: Uint8Array<ArrayBuffer>;
  /** How many bytes the sender's address has, 0 for none. */
  readonly nameLength: number;
}

/**
 * Receives one message without waiting.
 *
 * @param socket The socket.
 * @param size The room for its data.
 * @param options The room for control messages, and flags of recvmsg(2).
 * @returns What came.
 */
export function receive(
  socket: Fd,
  size: number,
  { controlSize = 0, flags = 0 }: { controlSize?: number; flags?: number } = {},
): Received {
  const data = new Uint8Array(size);
  const control = new Uint8Array(controlSize);
  const told = new Int32Array(3);
  const result = native.ipcx_probe_receive(socket.number, data, size, control, controlSize, flags, told);
  return {
    result,
    data: data.subarray(0, Math.min(Math.max(result, 0), size)),
    flags: told[0],
    control: control.subarray(0, told[1]),
    nameLength: told[2],
  };
}

/** Reads an option of a socket that is one number. */
export function getOption(socket: Fd, option: number): number {
  const slot = new Int32Array(1);
  check(native.ipcx_get_option(socket.number, SOL_SOCKET, option, slot, slot.byteLength), "getsockopt");
  return slot[0];
}

/** Sets an option of a socket that is one number; gives −errno if that is refused. */
export function setOption(socket: Fd, option: number, value: number): number {
  const slot = new Int32Array([value]);
  return native.ipcx_set_option(socket.number, SOL_SOCKET, option, slot, slot.byteLength);
}

/** The bytes of an address: the family, and what is in `sun_path`. */
function unixAddress(path: Uint8Array): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(2 + path.length);
  address.set(new Uint8Array(new Uint16Array([AF_UNIX]).buffer));
  address.set(path, 2);
  return address;
}

/** Binds to a name of whatever length; gives −errno if that is refused. */
export function bind(socket: Fd, path: Uint8Array): number {
  const address = unixAddress(path);
  return native.ipcx_probe_bind(socket.number, address, address.length);
}

/** Connects to a name, without waiting; gives −errno if that is refused. */
export function connect(socket: Fd, path: Uint8Array<ArrayBuffer>): number {
  return native.ipcx_connect(socket.number, path, path.length);
}

/** Lets the kernel choose a name (autobind), and tells its bytes in `sun_path`. */
export function autobind(socket: Fd): Uint8Array<ArrayBuffer> {
  check(bind(socket, new Uint8Array()), "bind");
  return reportedName(socket);
}

/** The name of a socket as getsockname(2) reports it, without the family. */
export function reportedName(socket: Fd): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(128);
  return address.slice(2, check(native.ipcx_probe_name(socket.number, address, address.length), "getsockname"));
}

/** Whether a socket is said to have room, without waiting. */
export function isWritable(socket: Fd): boolean {
  using epoll = new Fd(check(native.ipcx_epoll_create(), "epoll_create1"));
  check(native.ipcx_epoll_control(epoll.number, EPOLL_CTL.ADD, socket.number, EPOLL.OUT, 0), "epoll_ctl");
  const ready = new Uint32Array(2);
  return check(native.ipcx_epoll_wait(epoll.number, ready, 1), "epoll_wait") > 0;
}
