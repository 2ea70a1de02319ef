/**
 * How a beam speaks, and its limits.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { SocketType } from "../core/options.ts";

/** How a beam speaks; both ends have to agree on `framed`. */
export interface BeamOptions {
  /**
   * Whether messages on a stream are framed (libchan), so that any sequence of
   * messages arrives as sent; by default they go as Docker's beam sends them.
   * Packet sockets keep boundaries by themselves and disregard this.
   */
  framed?: boolean;
  /**
   * The most bytes of a message, sent or received: 1–32768 without frames, by
   * default 4096; 1–2147483646 otherwise, by default 16 MiB.
   */
  maxBytes?: number;
  /**
   * The most descriptors of a received message that are kept; the rest are
   * closed. 0–253 without frames, by default 1; otherwise 0–65536, by default 1024.
   */
  maxFds?: number;
  /** Whether messages without a descriptor are skipped, as Docker's `Receive` does. */
  skipWithoutFd?: boolean;
  /**
   * From how many bytes on a payload goes through memory that both ends share,
   * instead of through the socket; 1 or more, by default 65536, `Infinity` for
   * never. Not without frames. Where several send or receive on the same socket
   * it has to be `Infinity`: one receiver knows the memory of one sender.
   */
  memoryThreshold?: number;
  /**
   * The bytes of that memory, for each direction that needs it: a power of two,
   * 65536–1073741824, by default 4 MiB. Above 64 MiB the receiver's has to be as large.
   */
  memoryBytes?: number;
  /**
   * The send buffer to ask the kernel for when the first message does not fit
   * into the one there is, in bytes: 1–1073741823, by default 256 KiB, or 0 to
   * leave it. It bounds what waits in the socket for a slow receiver; the kernel
   * gives no more than `net.core.wmem_max`, counts twice what was asked for, and
   * some 700 bytes for each message. More would let an unprivileged user's
   * descriptors in flight run into RLIMIT_NOFILE (ETOOMANYREFS).
   */
  sendBuffer?: number;
  /**
   * Whether messages that are there may be received ahead of being asked for,
   * which is faster; by default true. Turn it off where others receive from the
   * same socket, where it is handed on between two messages, or where few
   * descriptors can be open at a time: those received ahead count, too.
   */
  readAhead?: boolean;
}

/** What ends a wait. */
export interface BeamWaitOptions {
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** How to receive a message. */
export interface BeamReceiveOptions extends BeamWaitOptions {
  /**
   * Memory that a large payload may be put into, if it fits, which saves making
   * some for each. It is in use until the message is there; look at the
   * message's `data`, which may also be elsewhere.
   */
  buffer?: Uint8Array<ArrayBuffer>;
}

/** What a pair of beams is made of. */
export interface BeamPairOptions extends BeamOptions {
  /** The type of the sockets, by default `"stream"`. */
  type?: "stream" | "seqpacket";
}

/** How to meet at a broker. */
export interface BeamBrokerOptions extends BeamOptions, BeamWaitOptions {
  /** Where the broker listens; by default where `ipcx pair` looks for it. */
  address?: UnixAddress | string;
  /** `"client"` and `"server"` meet each other, `"none"`, the default, its like. */
  mode?: "client" | "server" | "none";
  /** How long to wait for the peer, in milliseconds; by default for ever. */
  timeout?: number;
}

/** The same as {@linkcode BeamOptions}, with nothing left open. */
export type BeamSettings = Readonly<Required<BeamOptions>>;

/** What one message of Docker's beam can have: its receivers read no more. */
const PLAIN_BYTES = 4096;

/** Above this the kernel takes a message apart, and its rest would pass for another one. */
const MOST_PLAIN_BYTES = 32768;

const FRAMED_BYTES = 16 * 1024 * 1024;
const MOST_FRAMED_BYTES = 0x7ffffffe;
const FRAMED_FDS = 1024;

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, not ${value}`);
}

/**
 * Checks options and fills in what they leave open.
 *
 * @param type The type of the socket.
 * @param options What was asked for.
 * @returns What holds.
 * @throws {RangeError} For a value out of its range.
 * @throws {TypeError} For a datagram socket.
 */
export function settle(type: SocketType, options: BeamOptions): BeamSettings {
  if (type === "dgram") throw new TypeError("a datagram socket has no connection to beam over");
  const framed = type === "seqpacket" || (options.framed ?? false);
  const { memoryThreshold = 65536, memoryBytes = 4 * 1024 * 1024 } = options;
  if (memoryThreshold !== Infinity) checked("memoryThreshold", memoryThreshold, 1, Number.MAX_SAFE_INTEGER);
  checked("memoryBytes", memoryBytes, 65536, 2 ** 30);
  if (!Number.isInteger(Math.log2(memoryBytes))) {
    throw new RangeError(`memoryBytes is a power of two, not ${memoryBytes}`);
  }
  return {
    framed,
    maxBytes: framed
      ? checked("maxBytes", options.maxBytes ?? FRAMED_BYTES, 1, MOST_FRAMED_BYTES)
      : checked("maxBytes", options.maxBytes ?? PLAIN_BYTES, 1, MOST_PLAIN_BYTES),
    maxFds: framed
      ? checked("maxFds", options.maxFds ?? FRAMED_FDS, 0, 65536)
      : checked("maxFds", options.maxFds ?? 1, 0, 253),
    skipWithoutFd: options.skipWithoutFd ?? false,
    memoryThreshold,
    memoryBytes,
    sendBuffer: checked("sendBuffer", options.sendBuffer ?? 256 * 1024, 0, 0x3fffffff),
    readAhead: options.readAhead ?? true,
  };
}
