/**
 * How far datagrams can be relied on, and what it means to connect them.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { autobind, connect, errorIn, getOption, isWritable, newSocket, receive, send, sendTo } from "./calls.ts";
import { SO } from "./linux.ts";
import type { Probe } from "./probe.ts";
import { untilRefused } from "./search.ts";

/** More than a queue holds by default, few enough for a byte. */
const SENT = 200;

/** More than any send buffer of the beginning holds. */
const MANY = 8192;

interface Named extends Disposable {
  readonly socket: Fd;
  readonly name: Uint8Array<ArrayBuffer>;
}

function named(): Named {
  const socket = newSocket("dgram");
  const name = autobind(socket);
  return { socket, name, [Symbol.dispose]: () => socket.close() };
}

/** Sends numbers, and receives one whenever there is no room; gives what came, in its order. */
function exchange(): number[] {
  using receiver = named();
  using sender = newSocket("dgram");
  const received: number[] = [];
  const receiveOne = (): boolean => {
    const { result, data } = receive(receiver.socket, 1);
    if (result === 1) received.push(data[0]);
    return result === 1;
  };
  for (let number = 0; number < SENT;) {
    if (sendTo(sender, receiver.name, number) >= 0) number++;
    else if (!receiveOne()) throw new Error("there is no room in a queue that is empty");
  }
  while (receiveOne());
  return received;
}

/** A receiver, its partner, and somebody else who sends to it. */
function triangle<Result>(look: (receiver: Named, partner: Named, other: Named) => Result): Result {
  using receiver = named();
  using partner = named();
  using other = named();
  return look(receiver, partner, other);
}

function isFullReceiverWritable(connected: boolean): boolean {
  using receiver = named();
  using sender = newSocket("dgram");
  // A sender's own buffer must not be what is full.
  check(
    untilRefused(MANY, () => {
      using filler = newSocket("dgram");
      return sendTo(filler, receiver.name);
    }).count - 1,
    "sendto",
  );
  if (connected) check(connect(sender, receiver.name), "connect");
  return isWritable(sender);
}

function sendToClosed(): number {
  using sender = newSocket("dgram");
  {
    using receiver = named();
    check(connect(sender, receiver.name), "connect");
  }
  return send(sender, 1);
}

/** How far datagrams can be relied on, and what it means to connect them. */
export const DATAGRAMS: readonly Probe[] = [
  {
    name: "dgram-lost",
    title: `datagrams that are lost of ${SENT} to a receiver that is too slow`,
    unit: "messages",
    source: "unix(7): always reliable",
    measure: () => SENT - new Set(exchange()).size,
  },
  {
    name: "dgram-duplicated",
    title: `datagrams that come twice, of ${SENT} to a receiver that is too slow`,
    unit: "messages",
    source: "unix(7)",
    measure: () => {
      const received = exchange();
      return received.length - new Set(received).size;
    },
  },
  {
    name: "dgram-in-order",
    title: "datagrams come in the order in which they were sent",
    unit: "yes or no",
    source: "unix(7): never reordered",
    measure: () => exchange().every((number, at) => number === at),
  },
  {
    name: "dgram-full-writable",
    title: "poll says that there is room for a receiver that is full, if the sender is not connected to it",
    unit: "yes or no",
    source: "unix_dgram_poll() in net/unix/af_unix.c",
    measure: () => isFullReceiverWritable(false),
  },
  {
    name: "dgram-full-writable-connected",
    title: "poll says that there is room for a receiver that is full, if the sender is connected to it",
    unit: "yes or no",
    source: "unix_dgram_poll() in net/unix/af_unix.c",
    measure: () => isFullReceiverWritable(true),
  },
  {
    name: "dgram-connected-stranger",
    title: "error of sending to a receiver that is connected to somebody else",
    unit: "error",
    source: "connect(2), unix_may_send() in net/unix/af_unix.c",
    measure: () =>
      triangle((receiver, partner, stranger) => {
        check(connect(receiver.socket, partner.name), "connect");
        return errorIn(sendTo(stranger.socket, receiver.name));
      }),
  },
  {
    name: "dgram-connected-earlier",
    title: "what a stranger has sent before connect is received after it",
    unit: "yes or no",
    source: "unix_dgram_connect() in net/unix/af_unix.c",
    measure: () =>
      triangle((receiver, partner, stranger) => {
        check(sendTo(stranger.socket, receiver.name), "sendto");
        check(connect(receiver.socket, partner.name), "connect");
        return receive(receiver.socket, 1).result === 1;
      }),
  },
  {
    name: "dgram-reconnected-earlier",
    title: "what a partner has sent is received after connect to somebody else",
    unit: "yes or no",
    source: "unix_dgram_disconnected() in net/unix/af_unix.c",
    measure: () =>
      triangle((receiver, partner, next) => {
        check(connect(receiver.socket, partner.name), "connect");
        check(sendTo(partner.socket, receiver.name), "sendto");
        check(connect(receiver.socket, next.name), "connect");
        return receive(receiver.socket, 1).result === 1;
      }),
  },
  {
    name: "dgram-reconnected-told",
    title: "a partner that is connected is told then that it was discarded (SO_ERROR is ECONNRESET)",
    unit: "yes or no",
    source: "unix_dgram_disconnected() in net/unix/af_unix.c",
    measure: () =>
      triangle((receiver, partner, next) => {
        check(connect(partner.socket, receiver.name), "connect");
        check(connect(receiver.socket, partner.name), "connect");
        check(send(partner.socket, 1), "sendmsg");
        check(connect(receiver.socket, next.name), "connect");
        return errorIn(-getOption(partner.socket, SO.ERROR)) === "ECONNRESET";
      }),
  },
  {
    name: "dgram-receiver-gone",
    title: "error of sending to a receiver that was closed",
    unit: "error",
    source: "unix_dgram_sendmsg() in net/unix/af_unix.c",
    measure: () => errorIn(sendToClosed()),
  },
];
