/**
 * Buffers as the kernel applies what is asked for.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { SocketType } from "../core/options.ts";
import { anyBytes, errorIn, getOption, newSocket, Pair, send, setOption } from "./calls.ts";
import { INT_MAX, SO } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";
import { untilRefused } from "./search.ts";

/** What Kismet asks for, in the notes that this command answers. */
const ASKED = 32768;

/** More messages than any buffer of one socket holds here. */
const MANY = 100_000;

function bufferWhenAsked(bytes: number): number {
  using socket = newSocket("dgram");
  check(setOption(socket, SO.SNDBUF, bytes), "setsockopt");
  return getOption(socket, SO.SNDBUF);
}

function forcedBuffer(): number | Finding {
  using socket = newSocket("dgram");
  const result = setOption(socket, SO.SNDBUFFORCE, INT_MAX);
  return result < 0 ? { value: errorIn(result), note: "it takes CAP_NET_ADMIN" } : getOption(socket, SO.SNDBUF);
}

/** How much is taken in until the sender has to wait: bytes, and small messages. */
function capacity(type: SocketType, change: (pair: Pair) => void): string {
  const fill = (size: number): number => {
    using pair = Pair.of(type);
    change(pair);
    let bytes = 0;
    untilRefused(MANY, () => {
      const sent = send(pair.left, anyBytes(size));
      bytes += Math.max(sent, 0);
      return sent;
    });
    return bytes;
  };
  return `${fill(1)} ${fill(4096)}`;
}

function doesReceiveBufferCount(): boolean {
  const types: readonly SocketType[] = ["stream", "dgram", "seqpacket"];
  return types.some((type) => {
    const sizes = [0, 1024 * 1024].map((bytes) =>
      capacity(type, ({ right }) => check(setOption(right, SO.RCVBUF, bytes), "setsockopt"))
    );
    return sizes[0] !== sizes[1];
  });
}

/** Buffers as the kernel applies what is asked for. */
export const SEND_BUFFERS: readonly Probe[] = [
  {
    name: "sndbuf-default",
    title: "send buffer that a socket begins with",
    unit: "bytes",
    source: "net.core.wmem_default: socket(7)",
    measure: () => {
      using socket = newSocket("dgram");
      return getOption(socket, SO.SNDBUF);
    },
  },
  {
    name: "sndbuf-asked",
    title: `send buffer that a socket has when ${ASKED} bytes were asked for`,
    unit: "bytes",
    source: "doubled: SO_SNDBUF in socket(7)",
    measure: () => bufferWhenAsked(ASKED),
  },
  {
    name: "sndbuf-least",
    title: "smallest send buffer",
    unit: "bytes",
    source: "SOCK_MIN_SNDBUF in include/net/sock.h, socket(7)",
    measure: () => bufferWhenAsked(0),
  },
  {
    name: "sndbuf-most",
    title: "largest send buffer that any user can have (SO_SNDBUF)",
    unit: "bytes",
    source: "twice net.core.wmem_max: socket(7)",
    measure: () => bufferWhenAsked(INT_MAX),
  },
  {
    name: "sndbuf-force",
    title: "largest send buffer that an administrator can have (SO_SNDBUFFORCE)",
    unit: "bytes",
    source: "SO_SNDBUFFORCE in socket(7)",
    measure: forcedBuffer,
  },
  {
    name: "rcvbuf-counts",
    title: "a receive buffer of another size changes what fits in",
    unit: "yes or no",
    source: "SO_RCVBUF in unix(7)",
    measure: doesReceiveBufferCount,
  },
];
