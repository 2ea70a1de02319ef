/**
 * How much waits in a queue, and what happens when it is full.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { native } from "../core/native.ts";
import type { SocketType } from "../core/options.ts";
import { autobind, connect, errorIn, newSocket, Pair, send, sendTo } from "./calls.ts";
import { queueOf } from "./diag.ts";
import { INT_MAX } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";
import { untilRefused } from "./search.ts";

/** Nothing larger is tried: each message takes most of a kilobyte of the kernel's memory. */
const MOST_MESSAGES = 8192;

/** A backlog that is asked for. */
const BACKLOG = 4;

function atLeast(value: number, most: number): number | Finding {
  return value === most ? { value, note: "at least; more was not tried" } : value;
}

/**
 * Sends small datagrams to a name until nobody has room for one more. The
 * messages of one sender are bounded by its send buffer, so there are several.
 */
function fillQueue(name: Uint8Array<ArrayBuffer>): number {
  let total = 0;
  while (total < MOST_MESSAGES) {
    using sender = newSocket("dgram");
    const { count } = untilRefused(MOST_MESSAGES - total, () => sendTo(sender, name));
    if (count === 0) break;
    total += count;
  }
  return total;
}

function namedQueue(): number | Finding {
  using receiver = newSocket("dgram");
  return atLeast(fillQueue(autobind(receiver)), MOST_MESSAGES);
}

function fillPair(type: SocketType): { count: number; refusal: number } {
  using pair = Pair.of(type);
  return untilRefused(MOST_MESSAGES, () => send(pair.left, 1));
}

/** Connections that nobody accepts; who has closed its end waits there all the same. */
function fillBacklog(): { count: number; refusal: number } {
  using listener = newSocket("stream");
  const name = autobind(listener);
  check(native.ipcx_listen(listener.number, BACKLOG), "listen");
  return untilRefused(MOST_MESSAGES, () => {
    using client = newSocket("stream");
    return connect(client, name);
  });
}

/** The kernel tells what it made of it: to try it out would take memory for thousands of connections. */
function largestBacklog(): number {
  using listener = newSocket("stream");
  autobind(listener);
  check(native.ipcx_listen(listener.number, INT_MAX), "listen");
  return queueOf(listener).limit;
}

function pairProbes(type: SocketType, noun: string): Probe[] {
  return [
    {
      name: `${type}-pair-queue`,
      title: `${noun} of one byte that a pair holds while nobody reads`,
      unit: "messages",
      source: "SO_SNDBUF, which the kernel's own memory counts in: sock_alloc_send_pskb() in net/core/sock.c",
      measure: () => atLeast(fillPair(type).count, MOST_MESSAGES),
    },
    {
      name: `${type}-full`,
      title: `error for one more than ${type}-pair-queue, without waiting`,
      unit: "error",
      source: "send(2), O_NONBLOCK",
      measure: () => errorIn(fillPair(type).refusal),
    },
  ];
}

/** How much waits in a queue, and what happens when it is full. */
export const QUEUES: readonly Probe[] = [
  {
    name: "dgram-queue",
    title: "datagrams that wait for a receiver that has a name, from all senders",
    unit: "messages",
    source: "net.unix.max_dgram_qlen, and one more: unix_recvq_full() in net/unix/af_unix.c",
    measure: namedQueue,
  },
  ...pairProbes("stream", "writes"),
  ...pairProbes("dgram", "datagrams"),
  ...pairProbes("seqpacket", "packets"),
  {
    name: "backlog",
    title: `connections that wait to be accepted, where listen was given ${BACKLOG}`,
    unit: "connections",
    source: "one more than the backlog: unix_stream_connect() in net/unix/af_unix.c",
    measure: () => fillBacklog().count,
  },
  {
    name: "backlog-full",
    title: "error for one connection more than backlog, without waiting",
    unit: "error",
    source: "connect(2)",
    measure: () => errorIn(fillBacklog().refusal),
  },
  {
    name: "backlog-most",
    title: "largest backlog, whatever listen was given",
    unit: "connections",
    source: "net.core.somaxconn: listen(2)",
    measure: largestBacklog,
  },
];
