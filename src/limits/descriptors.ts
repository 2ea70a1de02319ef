/**
 * Descriptors in messages: how many, and when they are lost.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { native } from "../core/native.ts";
import type { SocketType } from "../core/options.ts";
import { errorIn, openNothing, Pair, receive, send } from "./calls.ts";
import { messagesIn, ReceivedFds, rights, spaceFor } from "./control_messages.ts";
import { MSG } from "./linux.ts";
import type { Probe } from "./probe.ts";
import { largest } from "./search.ts";

/** More than Linux takes. */
const MANY = 1024;

/** Room for a few descriptors. */
const CONTROL_BYTES = 256;

const copies = (fd: number, count: number): number[] => Array(count).fill(fd);

/** Sends as many copies of one descriptor as said, in messages of their own within one; gives −errno if that is refused. */
function trySending(type: SocketType, bytes: number, ...counts: number[]): number {
  using pair = Pair.of(type);
  using nothing = openNothing();
  return send(pair.left, bytes, { control: rights(...counts.map((count) => copies(nothing.number, count))) });
}

function mostInOneMessage(): number {
  return largest("sendmsg", 1, MANY, (count) => trySending("seqpacket", 1, count));
}

/** How many arrive of those that were sent. */
function arriving(type: SocketType, bytes: number, controlSize: number, ...counts: number[]): number {
  using pair = Pair.of(type);
  using nothing = openNothing();
  const control = rights(...counts.map((count) => copies(nothing.number, count)));
  check(send(pair.left, bytes, { control }), "sendmsg");
  using received = new ReceivedFds(receive(pair.right, 16, { controlSize }).control);
  return received.fds.length;
}

function controlMessagesOf(...counts: number[]): number {
  using pair = Pair.of("stream");
  using nothing = openNothing();
  check(send(pair.left, 1, { control: rights(...counts.map((count) => copies(nothing.number, count))) }), "sendmsg");
  const { control } = receive(pair.right, 1, { controlSize: CONTROL_BYTES });
  using _received = new ReceivedFds(control);
  return messagesIn(control).length;
}

/** A socket that has one byte, and one descriptor with it. */
function withDescriptor<Result>(type: SocketType, look: (pair: Pair) => Result): Result {
  using pair = Pair.of(type);
  using nothing = openNothing();
  check(send(pair.left, 1, { control: rights([nothing.number]) }), "sendmsg");
  return look(pair);
}

function peekedTwice({ right }: Pair): boolean {
  using peeked = new ReceivedFds(receive(right, 1, { controlSize: CONTROL_BYTES, flags: MSG.PEEK }).control);
  using received = new ReceivedFds(receive(right, 1, { controlSize: CONTROL_BYTES }).control);
  return peeked.fds.length === 1 && received.fds.length === 1 && peeked.fds[0].number !== received.fds[0].number;
}

function isLostToRead({ right }: Pair): boolean {
  check(native.ipcx_try_read(right.number, new Uint8Array(1), 1), "read");
  using late = new ReceivedFds(receive(right, 1, { controlSize: CONTROL_BYTES }).control);
  return late.fds.length === 0;
}

function isClosedOnExec({ right }: Pair, flags: number): boolean {
  using received = new ReceivedFds(receive(right, 1, { controlSize: CONTROL_BYTES, flags }).control);
  const [fd] = received.fds;
  return check(native.ipcx_is_close_on_exec(fd.number), "fcntl") === 1;
}

/** Bytes before, with, and behind a descriptor: how many come at once. */
function bytesUpToDescriptor(): number {
  using pair = Pair.of("stream");
  using nothing = openNothing();
  check(send(pair.left, 4), "sendmsg");
  check(send(pair.left, 1, { control: rights([nothing.number]) }), "sendmsg");
  check(send(pair.left, 2), "sendmsg");
  const { result, control } = receive(pair.right, 16, { controlSize: CONTROL_BYTES });
  using _received = new ReceivedFds(control);
  return check(result, "recvmsg");
}

/** Descriptors in messages: how many, and when they are lost. */
export const DESCRIPTORS: readonly Probe[] = [
  {
    name: "fds-most",
    title: "descriptors in one message",
    unit: "descriptors",
    source: "SCM_MAX_FD in include/net/scm.h: unix(7)",
    measure: mostInOneMessage,
  },
  {
    name: "fds-beyond",
    title: "error for one descriptor more than fds-most",
    unit: "error",
    source: "unix(7), scm_fp_copy() in net/core/scm.c",
    measure: () => errorIn(trySending("seqpacket", 1, mostInOneMessage() + 1)),
  },
  {
    name: "fds-two-controls-beyond",
    title: "error for as many in two control messages (SCM_RIGHTS)",
    unit: "error",
    source: "the limit is that of the message: scm_fp_copy() in net/core/scm.c",
    measure: () => errorIn(trySending("seqpacket", 1, mostInOneMessage(), 1)),
  },
  {
    name: "fds-two-controls",
    title: "control messages (SCM_RIGHTS) that two of them are received as",
    unit: "messages",
    source: "scm_detach_fds() in net/core/scm.c",
    measure: () => controlMessagesOf(1, 1),
  },
  {
    name: "fds-room-for-one",
    title: "descriptors that arrive of 3, with room for one: CMSG_SPACE(sizeof(int))",
    unit: "descriptors",
    source: "the space is rounded up: cmsg(3)",
    measure: () => arriving("stream", 1, spaceFor(4), 3),
  },
  {
    name: "fds-cut-told",
    title: "recvmsg tells that descriptors were lost (MSG_CTRUNC in msg_flags)",
    unit: "yes or no",
    source: "recvmsg(2), unix(7)",
    measure: () => {
      using pair = Pair.of("stream");
      using nothing = openNothing();
      check(send(pair.left, 1, { control: rights(copies(nothing.number, 3)) }), "sendmsg");
      const { control, flags } = receive(pair.right, 1, { controlSize: spaceFor(4) });
      using _received = new ReceivedFds(control);
      return (flags & MSG.CTRUNC) !== 0;
    },
  },
  {
    name: "fds-stream-empty",
    title: "descriptors that arrive of 1, on a stream and without a byte",
    unit: "descriptors",
    source: "unix(7): at least one byte of real data",
    measure: () => arriving("stream", 0, CONTROL_BYTES, 1),
  },
  {
    name: "fds-seqpacket-empty",
    title: "descriptors that arrive of 1, in an empty packet",
    unit: "descriptors",
    source: "unix(7)",
    measure: () => arriving("seqpacket", 0, CONTROL_BYTES, 1),
  },
  {
    name: "fds-read-loses",
    title: "read takes the byte, and the descriptor that came with it is lost without a word",
    unit: "yes or no",
    source: "unix_stream_read_generic() in net/unix/af_unix.c",
    measure: () => withDescriptor("stream", isLostToRead),
  },
  {
    name: "fds-peek-duplicates",
    title: "each look with MSG_PEEK gives a duplicate of the descriptor",
    unit: "yes or no",
    source: "unix_peek_fds() in net/unix/af_unix.c",
    measure: () => withDescriptor("stream", peekedTwice),
  },
  {
    name: "fds-close-on-exec",
    title: "a descriptor is received as close-on-exec",
    unit: "yes or no",
    source: "recvmsg(2)",
    measure: () => withDescriptor("stream", (pair) => isClosedOnExec(pair, 0)),
  },
  {
    name: "fds-close-on-exec-asked",
    title: "a descriptor is received as close-on-exec with MSG_CMSG_CLOEXEC",
    unit: "yes or no",
    source: "recvmsg(2)",
    measure: () => withDescriptor("stream", (pair) => isClosedOnExec(pair, MSG.CMSG_CLOEXEC)),
  },
  {
    name: "fds-stream-barrier",
    title: "bytes of a stream that one recvmsg gives, of 4 before a descriptor, 1 with it, 2 behind it",
    unit: "bytes",
    source: "unix(7): ancillary data is a barrier",
    measure: bytesUpToDescriptor,
  },
];
