/**
 * Connecting to a Unix socket, within a time (connect(2)).
 *
 * @module
 */

import type { UnixAddress } from "./address.ts";
import { delay } from "./delay.ts";
import { nameSender } from "./empty_packets.ts";
import { check, SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";
import { type SocketType, typeNumber } from "./options.ts";
import { reach } from "./reach.ts";

/** How to connect. */
export interface ConnectOptions {
  /** The type of the listener, by default `"stream"`. */
  type?: SocketType;
  /** How long to try while the listener's backlog is full, in milliseconds; by default 30 000. */
  timeout?: number;
  /** Ends the attempt with its reason. */
  signal?: AbortSignal;
}

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/**
 * Makes a connected socket.
 *
 * A full backlog shows as EAGAIN, and unlike with TCP no event tells of room in
 * it; so the call is repeated, at growing intervals.
 *
 * @param address A path or an abstract name.
 * @param options Type, time-out and signal.
 * @returns The descriptor, nonblocking, owned by the caller.
 * @throws {SystemError} As connect(2), and ETIMEDOUT.
 */
export async function connectSocket(address: UnixAddress, options: ConnectOptions = {}): Promise<Fd> {
  const { type = "stream", timeout = 30_000, signal } = options;
  signal?.throwIfAborted();
  const fd = new Fd(check(native.ipcx_socket(typeNumber(type)), "socket"));
  try {
    if (type === "seqpacket") nameSender(fd.number);
    const deadline = performance.now() + timeout;
    for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      using name = reach(address, "connect");
      const result = native.ipcx_connect(fd.number, name.bytes, name.bytes.length);
      if (result !== -ERRNO.EAGAIN) {
        check(result, "connect", { address: `${address}` });
        return fd;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw new SystemError("connect", ERRNO.ETIMEDOUT, { address: `${address}` });
      await delay(Math.min(pause, left), signal);
    }
  } catch (error) {
    fd.close();
    throw error;
  }
}

/**
 * Asks whether a socket file is anybody's, listening or about to, without making a connection.
 *
 * A datagram socket asks: of a stream or packet socket the kernel then says that
 * it is of another type, even before that listens, and of a file whose socket is
 * gone that it refuses.
 *
 * @param address A path.
 * @returns `false` only if the kernel says that it is nobody's.
 */
export function isAlive(address: UnixAddress): boolean {
  using fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
  using name = reach(address, "connect");
  const result = native.ipcx_connect(fd.number, name.bytes, name.bytes.length);
  // One that keeps us out may be alive.
  return result !== -ERRNO.ECONNREFUSED && result !== -ERRNO.ENOENT;
}
