/**
 * Flags and options that not every kernel has.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { autobind, errorIn, newSocket, Pair, receive, send, setOption } from "./calls.ts";
import { queueOf } from "./diag.ts";
import { MSG, SO } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Whether a call is not refused; the note says why it is. */
function isTaken(result: number): boolean | Finding {
  return result >= 0 ? true : { value: false, note: errorIn(result) };
}

function isUrgentByteAhead(): boolean | Finding {
  using pair = Pair.of("stream");
  check(send(pair.left, bytesOf("a")), "sendmsg");
  const sent = send(pair.left, bytesOf("!"), { flags: MSG.OOB });
  if (sent < 0) return isTaken(sent);
  return receive(pair.right, 1, { flags: MSG.OOB }).data[0] === bytesOf("!")[0];
}

function isPeekMoved(): boolean | Finding {
  using pair = Pair.of("stream");
  check(send(pair.left, bytesOf("abc")), "sendmsg");
  const result = setOption(pair.right, SO.PEEK_OFF, 1);
  if (result < 0) return isTaken(result);
  return receive(pair.right, 1, { flags: MSG.PEEK }).data[0] === bytesOf("b")[0];
}

/** What is left in the queue comes as a control message of its own. */
function isRestTold(): boolean | Finding {
  using pair = Pair.of("stream");
  const result = setOption(pair.right, SO.INQ, 1);
  if (result < 0) return isTaken(result);
  check(send(pair.left, bytesOf("abc")), "sendmsg");
  return receive(pair.right, 1, { controlSize: 64 }).control.length > 0;
}

function isQueueTold(): boolean | Finding {
  using socket = newSocket("dgram");
  autobind(socket);
  try {
    queueOf(socket);
    return true;
  } catch (error) {
    return { value: false, note: (error as Error).message };
  }
}

function isDescriptorTaken(): boolean | Finding {
  using socket = newSocket("stream");
  using pidfd = new Fd(check(native.ipcx_pidfd_open(Deno.pid), "pidfd_open"));
  const result = native.ipcx_probe_take(pidfd.number, socket.number);
  if (result < 0) return isTaken(result);
  using _taken = new Fd(result);
  return true;
}

/** Flags and options that not every kernel has. */
export const FEATURES: readonly Probe[] = [
  {
    name: "out-of-band",
    title: "MSG_OOB lets a byte of a stream overtake the others",
    unit: "yes or no",
    source: "Linux 5.15, CONFIG_AF_UNIX_OOB: unix(7)",
    measure: isUrgentByteAhead,
  },
  {
    name: "peek-offset",
    title: "SO_PEEK_OFF lets MSG_PEEK begin behind the first bytes",
    unit: "yes or no",
    source: "Linux 3.4, for streams 4.2: socket(7), unix(7)",
    measure: isPeekMoved,
  },
  {
    name: "rest-told",
    title: "SO_INQ lets each recvmsg of a stream tell how much is left",
    unit: "yes or no",
    source: "Linux 6.17",
    measure: isRestTold,
  },
  {
    name: "zero-copy-send",
    title: "SO_ZEROCOPY lets sendmsg send without a copy",
    unit: "yes or no",
    source: "not for Unix sockets: sk_setsockopt() in net/core/sock.c",
    measure: () => {
      using pair = Pair.of("stream");
      return isTaken(setOption(pair.left, SO.ZEROCOPY, 1));
    },
  },
  {
    name: "sock-diag",
    title: "sock_diag tells of Unix sockets",
    unit: "yes or no",
    source: "Linux 3.3, CONFIG_UNIX_DIAG: sock_diag(7)",
    measure: isQueueTold,
  },
  {
    name: "pidfd-getfd",
    title: "pidfd_getfd duplicates a descriptor of another process",
    unit: "yes or no",
    source: "Linux 5.6: pidfd_getfd(2)",
    measure: isDescriptorTaken,
  },
];
