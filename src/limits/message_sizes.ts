/**
 * How large a message can be, and how many a call takes.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import type { SocketType } from "../core/options.ts";
import { anyBytes, errorIn, getOption, Pair, receive, send, setOption } from "./calls.ts";
import { INT_MAX, SO } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";
import { largest } from "./search.ts";

type PacketType = Exclude<SocketType, "stream">;

/** Nothing larger is tried, whatever the kernel would take. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Memory in one piece may be short for a moment only. */
const ATTEMPTS = 3;

/** As many as the shim tries in one call (IPCX_PROBE_MOST_PARTS). */
const MOST_PARTS = 2048;

/** Sends one packet, and takes it away again. */
function trySize({ left, right }: Pair, size: number): number {
  let result = send(left, size);
  for (let attempt = 1; result === -ERRNO.ENOBUFS && attempt < ATTEMPTS; attempt++) result = send(left, size);
  // What does not fit into the buffer is discarded, so that a byte is room enough.
  if (result >= 0) check(receive(right, 1).result, "recvmsg");
  return result;
}

function largestPacket(pair: Pair): number {
  const high = Math.min(getOption(pair.left, SO.SNDBUF), MOST_BYTES) + 1;
  return largest("sendmsg", 1, high, (size) => trySize(pair, size));
}

/** How a send buffer is changed before a packet is sent. */
type Change = (socket: Fd) => string | undefined;

const asItIs: Change = () => undefined;

const smallest: Change = (socket) => {
  check(setOption(socket, SO.SNDBUF, 0), "setsockopt");
  return undefined;
};

/**
 * Makes a send buffer as large as this process may.
 *
 * @param socket Whose.
 * @returns By what means.
 */
export function raiseSendBuffer(socket: Fd): string {
  if (setOption(socket, SO.SNDBUFFORCE, INT_MAX) >= 0) return "SO_SNDBUFFORCE";
  check(setOption(socket, SO.SNDBUF, INT_MAX), "setsockopt");
  return "SO_SNDBUF";
}

function sizeWith(type: PacketType, change: Change): Finding {
  using pair = Pair.of(type);
  const means = change(pair.left);
  const value = largestPacket(pair);
  if (value === MOST_BYTES) return { value, note: "at least; more was not tried" };
  return means === undefined ? { value } : { value, note: `by ${means}` };
}

function beyond(type: PacketType, change: Change): string {
  using pair = Pair.of(type);
  change(pair.left);
  return errorIn(trySize(pair, largestPacket(pair) + 1));
}

function streamAtOnce(): number {
  using pair = Pair.of("stream");
  return check(send(pair.left, anyBytes(2 * getOption(pair.left, SO.SNDBUF))), "sendmsg");
}

function mostBuffers(pair: Pair): number {
  return largest("sendmsg", 1, MOST_PARTS + 1, (parts) => {
    const result = send(pair.left, 1, { parts });
    if (result >= 0) check(receive(pair.right, 1).result, "recvmsg");
    return result;
  });
}

/** On a stream an empty message takes no room, and one after the other is sent. */
function mostInOneSend(): number {
  using pair = Pair.of("stream");
  return check(native.ipcx_probe_batch(pair.left.number, MOST_PARTS, 0), "sendmmsg");
}

/** At its end, a stream gives as many empty messages as are asked for. */
function mostInOneReceive(): number | Finding {
  using pair = Pair.of("stream");
  pair.left.close();
  const value = check(native.ipcx_probe_batch(pair.right.number, MOST_PARTS, 1), "recvmmsg");
  return value < MOST_PARTS ? value : { value, note: "at least; more was not tried" };
}

function packetProbes(type: PacketType, noun: string): Probe[] {
  const source = "SO_SNDBUF − 32: unix_dgram_sendmsg() in net/unix/af_unix.c, unix(7)";
  return [
    {
      name: `${type}-largest`,
      title: `largest ${noun}, with the send buffer that a socket begins with`,
      unit: "bytes",
      source,
      measure: () => sizeWith(type, asItIs),
    },
    {
      name: `${type}-beyond`,
      title: `error for a ${noun} of one byte more than ${type}-largest`,
      unit: "error",
      source: "send(2)",
      measure: () => beyond(type, asItIs),
    },
    {
      name: `${type}-least`,
      title: `largest ${noun}, with the smallest send buffer: so much always fits`,
      unit: "bytes",
      source,
      measure: () => sizeWith(type, smallest),
    },
    {
      name: `${type}-most`,
      title: `largest ${noun}, with the largest send buffer that this user can have`,
      unit: "bytes",
      source: "SO_SNDBUF − 32, or the memory to be had in one piece: alloc_skb_with_frags() in net/core/skbuff.c",
      measure: () => sizeWith(type, raiseSendBuffer),
    },
    {
      name: `${type}-most-beyond`,
      title: `error for a ${noun} of one byte more than ${type}-most`,
      unit: "error",
      source: "send(2): EMSGSIZE for the buffer, ENOBUFS for the memory",
      measure: () => beyond(type, raiseSendBuffer),
    },
  ];
}

/** How large a message can be, and how many a call takes. */
export const MESSAGE_SIZES: readonly Probe[] = [
  ...packetProbes("dgram", "datagram"),
  ...packetProbes("seqpacket", "packet"),
  {
    name: "stream-at-once",
    title: "bytes of a stream that one call takes while nobody reads",
    unit: "bytes",
    source: "SO_SNDBUF, which the kernel's own memory counts in: unix_stream_sendmsg() in net/unix/af_unix.c",
    measure: streamAtOnce,
  },
  {
    name: "parts-most",
    title: "buffers that one sendmsg gathers",
    unit: "buffers",
    source: "IOV_MAX: sendmsg(2); UIO_MAXIOV in include/uapi/linux/uio.h",
    measure: () => {
      using pair = Pair.of("seqpacket");
      return mostBuffers(pair);
    },
  },
  {
    name: "parts-beyond",
    title: "error for one buffer more than parts-most",
    unit: "error",
    source: "sendmsg(2)",
    measure: () => {
      using pair = Pair.of("seqpacket");
      return errorIn(send(pair.left, 1, { parts: mostBuffers(pair) + 1 }));
    },
  },
  {
    name: "sendmmsg-most",
    title: "messages that one sendmmsg sends; the rest is left to the next call",
    unit: "messages",
    source: "UIO_MAXIOV: sendmmsg(2)",
    measure: mostInOneSend,
  },
  {
    name: "recvmmsg-most",
    title: "messages that one recvmmsg receives",
    unit: "messages",
    source: "recvmmsg(2): no limit of its own, do_recvmmsg() in net/socket.c",
    measure: mostInOneReceive,
  },
];
