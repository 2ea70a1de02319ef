/**
 * Connections as a server holds them that has very many: no promises, no
 * buffers of their own, a few words of memory each.
 *
 * @module
 */

import { closeSoon } from "./bulk_close.ts";
import { check } from "./errors.ts";
import { type Credentials, peerGroupsOf } from "./credentials.ts";
import { Fd } from "./fd.ts";
import { EPOLL, ERRNO, MSG } from "./linux.ts";
import type { UnixListener } from "./listener.ts";
import { native } from "./native.ts";
import { type ReadyHandler, Watch } from "./reactor.ts";

const SLOTS = 11;
const SLOT_FLAGS = 0;
const SLOT_SURPLUS = 2;
const received = new Int32Array(SLOTS);
const RECEIVED = Deno.UnsafePointer.of(received);
const peer = new Int32Array(3);
const handed = new Int32Array(2);

/** What {@linkcode Connection.receive} returns if there is nothing yet. */
export const NOTHING_YET = -1;

/** Events to watch a connection for: data, and the end of it. */
export const DATA_OR_END: number = EPOLL.IN | EPOLL.RDHUP;

/** Events to watch for once the peer has stopped sending: only its going away, which is always told. */
export const ONLY_HANGUP = 0;

/**
 * Tells whether events mean that the peer has gone, not only stopped sending.
 *
 * @param events The bits of epoll(7).
 * @returns `true` if nothing can be sent to it any more.
 */
export function isHangup(events: number): boolean {
  return (events & (EPOLL.HUP | EPOLL.ERR)) !== 0;
}

/** An accepted stream connection that takes bytes and refuses descriptors. */
export class Connection implements Credentials {
  /** The peer's process id. */
  readonly pid: number;
  /** The peer's effective user id. */
  readonly uid: number;
  /** The peer's effective group id. */
  readonly gid: number;
  readonly #fd: number;
  #watch: Watch | undefined;
  #open = true;

  /**
   * Takes ownership of an accepted descriptor.
   *
   * @param fd The descriptor, nonblocking.
   * @param peer Who connected.
   */
  constructor(fd: Fd, peer: Credentials) {
    this.#fd = fd.release();
    this.pid = peer.pid;
    this.uid = peer.uid;
    this.gid = peer.gid;
  }

  /** The peer's supplementary groups. */
  get groups(): number[] {
    return peerGroupsOf(this.#fd);
  }

  /**
   * Takes the bytes that are there. Descriptors among them are closed and
   * counted in {@linkcode strayDescriptors}.
   *
   * @param buffer Where to put them.
   * @returns How many; 0 at the end; {@linkcode NOTHING_YET}.
   * @throws {SystemError} ECONNRESET if the peer closed with data unread.
   */
  receive(buffer: Uint8Array<ArrayBuffer>): number {
    const result = native.ipcx_receive(this.#fd, buffer, buffer.length, null, 0, RECEIVED, null, 0);
    return result === -ERRNO.EAGAIN ? NOTHING_YET : check(result, "recvmsg", { pid: this.pid });
  }

  /**
   * Tells a handler of events from now on; of other events, if that was asked for before.
   *
   * @param events The bits of epoll(7); while they last, they are told again and again.
   * @param handler What is told.
   * @throws {SystemError} ENOSPC, ENOMEM.
   */
  watch(events: number, handler: ReadyHandler): void {
    if (this.#watch) this.#watch.change(events);
    else this.#watch = new Watch(this.#fd, events, handler);
  }

  /** Closes the connection, soon if not at once; does nothing the second time. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch?.close();
    closeSoon(this.#fd);
  }

  /**
   * Gives each of two peers one end of a new socket pair, with a message.
   *
   * @param first The peer that has waited longer.
   * @param firstLength How many bytes of the message it expects.
   * @param second The other peer.
   * @param secondLength How many bytes of the message that one expects.
   * @param message The message.
   * @returns How it went.
   */
  static handOutPair(
    first: Connection,
    firstLength: number,
    second: Connection,
    secondLength: number,
    message: Uint8Array<ArrayBuffer>,
  ): HandOut {
    const outcome = native.ipcx_hand_out_pair(first.#fd, firstLength, second.#fd, secondLength, message, handed);
    if (outcome === 0) return DONE;
    return {
      outcome: OUTCOMES[outcome],
      errno: handed[0],
      kept: handed[1] >= 0 ? new Fd(handed[1]) : undefined,
    };
  }

  /**
   * Sends a message with a descriptor.
   *
   * @param message The bytes.
   * @param fd The descriptor; it stays the caller's.
   * @returns 0, or the error number.
   */
  sendDescriptor(message: Uint8Array<ArrayBuffer>, fd: Fd): number {
    const fds = new Int32Array([fd.number]);
    return -Math.min(0, native.ipcx_send(this.#fd, message, message.length, fds, 1, null, null, 0, 0));
  }
}

/** How {@linkcode Connection.handOutPair} went: `enum ipcx_hand_out` in ffi/ipcx.h. */
export interface HandOut {
  /**
   * `"done"`; `"no pair"`: none could be made; `"first failed"` or `"second gone"`:
   * nothing was sent to either; `"second failed"`: the first has its end.
   */
  outcome: "done" | "no pair" | "first failed" | "second gone" | "second failed";
  /** The error number of the step that failed, else 0. */
  errno: number;
  /** The end that could not be sent to the second, owned by the caller. */
  kept?: Fd;
}

const OUTCOMES = ["done", "no pair", "first failed", "second gone", "second failed"] as const;
const DONE: HandOut = { outcome: "done", errno: 0 };

/**
 * Tells how many descriptors came with what was received last.
 *
 * @returns How many; they have been closed. At the limit of descriptors the
 * kernel keeps their number to itself; then it is 1.
 */
export function strayDescriptors(): number {
  return received[SLOT_SURPLUS] || (received[SLOT_FLAGS] & MSG.CTRUNC ? 1 : 0);
}

/**
 * Accepts a connection that waits already.
 *
 * @param listener The listener.
 * @returns The connection, owned by the caller, or `undefined` if none waits.
 * @throws {SystemError} EMFILE, ENFILE, ENOBUFS or ENOMEM: it waits on.
 */
export function acceptConnection(listener: UnixListener): Connection | undefined {
  const result = native.ipcx_accept(listener.fd.number, peer);
  if (result === -ERRNO.EAGAIN) return undefined;
  const fd = new Fd(check(result, "accept", { address: `${listener.listensAt}` }));
  return new Connection(fd, { pid: peer[0], uid: peer[1] >>> 0, gid: peer[2] >>> 0 });
}

/**
 * Watches a listener for connections that wait.
 *
 * @param listener The listener, which stays open as long as the watch.
 * @param handler What is told, again and again until they are accepted.
 * @returns The watch, which keeps the process alive.
 */
export function watchListener(listener: UnixListener, handler: ReadyHandler): Watch {
  const watch = new Watch(listener.fd.number, EPOLL.IN, handler);
  watch.ref();
  return watch;
}
