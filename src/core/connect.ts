/**
 * Connecting to a Unix socket, within a time (connect(2)).
 *
 * @module
 */

import type { UnixAddress } from "./address.ts";
import { peerCredentialsOf } from "./credentials.ts";
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
  /**
   * Whose listener it must be, by user id; by default anybody's. Where others may
   * bind, in a shared directory or at an abstract name, somebody may have been
   * there before the server. Asked before anything is sent.
   *
   * It is the effective user of who called listen(2): root, if a service manager
   * did so for the server. It does not tell which of that user's services it is.
   */
  peerUid?: number | readonly number[];
}

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/**
 * Makes sure that a connection leads to a user who is expected there.
 *
 * @param fd The connected socket.
 * @param address Where it leads to, for messages.
 * @param peerUid The user ids that are fine; all, if none are given.
 * @throws {SystemError} EPERM if it is another user's, saying whose.
 */
export function insistOnPeer(fd: Fd, address: UnixAddress, peerUid: ConnectOptions["peerUid"]): void {
  if (peerUid === undefined) return;
  const expected = typeof peerUid === "number" ? [peerUid] : peerUid;
  const { pid, uid } = peerCredentialsOf(fd.number);
  if (expected.includes(uid)) return;
  const whose = `it is the listener of user ${uid}, not of ${expected.join(" or ") || "anybody"}`;
  throw new SystemError("connect", ERRNO.EPERM, { address: `${address} (${whose})`, pid });
}

/**
 * Makes a connected socket.
 *
 * A full backlog shows as EAGAIN, and unlike with TCP no event tells of room in
 * it; so the call is repeated, at growing intervals.
 *
 * @param address A path or an abstract name.
 * @param options Type, time-out, signal, and whose listener it must be.
 * @returns The descriptor, nonblocking, owned by the caller.
 * @throws {SystemError} As connect(2), ETIMEDOUT, and EPERM for somebody else's listener.
 * @throws {TypeError} For `peerUid` with datagrams: the kernel does not tell whose they go to.
 */
export async function connectSocket(address: UnixAddress, options: ConnectOptions = {}): Promise<Fd> {
  const { type = "stream", timeout = 30_000, signal, peerUid } = options;
  signal?.throwIfAborted();
  if (type === "dgram" && peerUid !== undefined) {
    throw new TypeError("whose datagram socket it is, is not known: use stream or seqpacket with peerUid");
  }
  const fd = new Fd(check(native.ipcx_socket(typeNumber(type)), "socket"));
  try {
    if (type === "seqpacket") nameSender(fd.number);
    const deadline = performance.now() + timeout;
    for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      using name = reach(address, "connect");
      const result = native.ipcx_connect(fd.number, name.bytes, name.bytes.length);
      if (result !== -ERRNO.EAGAIN) {
        check(result, "connect", { address: `${address}` });
        insistOnPeer(fd, address, peerUid);
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
