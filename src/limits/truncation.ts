/**
 * What becomes of a message that is larger than its receiver's buffer, and of
 * one that is empty.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import type { SocketType } from "../core/options.ts";
import { autobind, Pair, receive, send, setOption } from "./calls.ts";
import { messagesIn, SCM, spaceFor } from "./control_messages.ts";
import { MSG, SO } from "./linux.ts";
import type { Probe } from "./probe.ts";

/** What is sent, and what there is room for. */
const SENT = 10;
const ROOM = 4;

/** Room for a struct timeval. */
const STAMP_BYTES = 16;

function sendTen(type: SocketType): Pair {
  const pair = Pair.of(type);
  check(send(pair.left, SENT), "sendmsg");
  return pair;
}

/** What is left to be received once there was too little room. */
function restBehind(type: SocketType): number {
  using pair = sendTen(type);
  check(receive(pair.right, ROOM).result, "recvmsg");
  return Math.max(receive(pair.right, SENT).result, 0);
}

/** Whether an empty message is given in a way that differs from "nothing is there". */
function isEmptyReceived(type: SocketType): boolean {
  using pair = Pair.of(type);
  check(send(pair.left, 0), "sendmsg");
  return receive(pair.right, 1).result === 0;
}

/** Whether what is received as the empty packet, and as the end, differs at all. */
function isEmptyLikeEnd({ isNamed = false, isStamped = false } = {}): boolean {
  using pair = Pair.of("seqpacket");
  const controlSize = isStamped ? spaceFor(STAMP_BYTES) : 0;
  if (isStamped) check(setOption(pair.right, SO.TIMESTAMP, 1), "setsockopt");
  if (isNamed) autobind(pair.left);
  check(send(pair.left, 0), "sendmsg");
  const empty = receive(pair.right, 1, { controlSize });
  pair.left.close();
  const end = receive(pair.right, 1, { controlSize });
  const stamped = (control: Uint8Array): boolean => messagesIn(control).some(({ type }) => type === SCM.TIMESTAMP);
  return empty.result === end.result && empty.flags === end.flags && empty.nameLength === end.nameLength &&
    stamped(empty.control) === stamped(end.control);
}

function packetProbes(type: Exclude<SocketType, "stream">, noun: string): Probe[] {
  return [
    {
      name: `${type}-cut-lost`,
      title: `bytes lost of a ${noun} of ${SENT} that is received into a buffer of ${ROOM}`,
      unit: "bytes",
      source: "recv(2), unix(7)",
      measure: () => SENT - ROOM - restBehind(type),
    },
    {
      name: `${type}-cut-told`,
      title: `recvmsg tells that a ${noun} was cut (MSG_TRUNC in msg_flags)`,
      unit: "yes or no",
      source: "recvmsg(2)",
      measure: () => {
        using pair = sendTen(type);
        return (receive(pair.right, ROOM).flags & MSG.TRUNC) !== 0;
      },
    },
    {
      name: `${type}-cut-length`,
      title: `length that recv with MSG_TRUNC gives for a ${noun} of ${SENT}, with a buffer of ${ROOM}`,
      unit: "bytes",
      source: "Linux 3.4: unix(7), recv(2)",
      measure: () => {
        using pair = sendTen(type);
        return check(receive(pair.right, ROOM, { flags: MSG.TRUNC }).result, "recvmsg");
      },
    },
    {
      name: `${type}-empty`,
      title: `a ${noun} of no bytes is received as one`,
      unit: "yes or no",
      source: "send(2), recv(2)",
      measure: () => isEmptyReceived(type),
    },
  ];
}

/** What becomes of a message that is larger than its receiver's buffer, and of one that is empty. */
export const TRUNCATION: readonly Probe[] = [
  ...packetProbes("dgram", "datagram"),
  ...packetProbes("seqpacket", "packet"),
  {
    name: "stream-cut-lost",
    title: `bytes lost of ${SENT} in a stream that are received into a buffer of ${ROOM}`,
    unit: "bytes",
    source: "recv(2)",
    measure: () => SENT - ROOM - restBehind("stream"),
  },
  {
    name: "stream-empty",
    title: "a stream tells of a write of no bytes",
    unit: "yes or no",
    source: "unix_stream_sendmsg() in net/unix/af_unix.c",
    measure: () => isEmptyReceived("stream"),
  },
  {
    name: "seqpacket-empty-like-end",
    title: "an empty packet looks like the end of the connection",
    unit: "yes or no",
    source: "recv(2)",
    measure: () => isEmptyLikeEnd(),
  },
  {
    name: "seqpacket-empty-like-end-named",
    title: "an empty packet looks like the end of the connection, where its sender has a name",
    unit: "yes or no",
    source: "msg_name in recvmsg(2): the end comes from nobody",
    measure: () => isEmptyLikeEnd({ isNamed: true }),
  },
  {
    name: "seqpacket-empty-like-end-stamped",
    title: "an empty packet looks like the end of the connection, where SO_TIMESTAMP is on",
    unit: "yes or no",
    source: "SO_TIMESTAMP in socket(7): the end has no time stamp",
    measure: () => isEmptyLikeEnd({ isStamped: true }),
  },
];
