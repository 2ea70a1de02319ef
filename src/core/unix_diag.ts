/**
 * What the kernel is asked about Unix sockets, and what it answers (sock_diag(7),
 * linux/unix_diag.h).
 *
 * @module
 */

import { AF_UNIX } from "./linux.ts";
import { typeName } from "./options.ts";
import type { SocketType } from "./options.ts";
import { decodeAttributes, encodeMessage, NLM_F, Numbers, viewOf } from "./netlink.ts";

/** The type of a request about sockets, and of its answers. */
export const SOCK_DIAG_BY_FAMILY = 20;

/** What an answer is to tell. */
export const SHOW = { NAME: 0x1, VFS: 0x2, PEER: 0x4, PENDING: 0x8, QUEUES: 0x10, MEMORY: 0x20, UID: 0x40 } as const;

/** The states that Unix sockets have, by the names of TCP. */
export const TCP = { ESTABLISHED: 1, CLOSE: 7, LISTEN: 10 } as const;

/** Bits of what a socket was shut down for. */
export const SHUTDOWN = { RECEIVE: 1, SEND: 2, BOTH: 3 } as const;

/** All states, for a list. */
export const ANY_STATE = 0xffffffff;

const ATTRIBUTE = { NAME: 0, VFS: 1, PEER: 2, PENDING: 3, QUEUES: 4, MEMORY: 5, SHUTDOWN: 6, UID: 7 } as const;

const REQUEST_BYTES = 24;
const ANSWER_BYTES = 16;
const NO_COOKIE = 0xffffffff;

/** Of the numbers that a socket's memory is told by, SK_MEMINFO_SNDBUF: the others are known from its queues, or 0. */
const SEND_BUFFER_AT = 4 * 3;

/** A question. */
export interface DiagRequest {
  /** What is to be told of each socket, of {@linkcode SHOW}. */
  show: number;
  /** For a list: a bit for each state, by default all. */
  states?: number;
  /** For one socket: its inode. */
  inode?: number;
  /** The number that the answers will have. */
  sequence: number;
}

/** A socket as the kernel describes it; what it does not tell is missing. */
export interface DiagSocket {
  /** Stream, seqpacket or dgram. */
  type: SocketType;
  /** Of {@linkcode TCP}. */
  state: number;
  /** Its inode, which no other open socket has. */
  inode: number;
  /** What no other socket has until the next boot. */
  cookie: bigint;
  /** The bytes of `sun_path`. */
  name?: Uint8Array;
  /** The inode of its file, cut to 32 bits, and the device as the kernel writes it. */
  file?: { inode: number; device: number };
  /** The inode of its peer; 0 if that has none any more, or none yet. */
  peer?: number;
  /** Of a listener: the inodes of those who wait to be accepted. */
  pending?: number[];
  /** What waits to be taken: bytes, or connections. */
  receiveQueue?: number;
  /** Memory that its peer has not taken yet, or the most connections that may wait. */
  sendQueue?: number;
  /** How much memory there may be that its peer has not taken. */
  sendBuffer?: number;
  /** Of {@linkcode SHUTDOWN}. */
  shutdown: number;
  /** Who made it. */
  uid?: number;
}

/**
 * Writes a request.
 *
 * @param request What is asked: about one socket if it has an inode, else for a list.
 * @returns The message.
 */
export function encodeRequest(request: DiagRequest): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(body.buffer);
  view.setUint8(0, AF_UNIX);
  view.setUint32(4, request.states ?? ANY_STATE, true);
  view.setUint32(8, request.inode ?? 0, true);
  view.setUint32(12, request.show, true);
  view.setUint32(16, NO_COOKIE, true);
  view.setUint32(20, NO_COOKIE, true);
  const flags = NLM_F.REQUEST | (request.inode === undefined ? NLM_F.DUMP : 0);
  return encodeMessage({ type: SOCK_DIAG_BY_FAMILY, flags, sequence: request.sequence, body });
}

/** What an attribute is called, for errors. */
const CALLED = Object.values(ATTRIBUTE).map((type) => `attribute ${type} of a socket`);

function takeAttribute(socket: DiagSocket, type: number, value: Numbers): void {
  switch (type) {
    case ATTRIBUTE.VFS:
      socket.file = { inode: value.u32(0), device: value.u32(4) };
      break;
    case ATTRIBUTE.PEER:
      socket.peer = value.u32(0);
      break;
    case ATTRIBUTE.PENDING:
      socket.pending = Array.from({ length: value.length >> 2 }, (_, at) => value.u32(4 * at));
      break;
    case ATTRIBUTE.QUEUES:
      socket.receiveQueue = value.u32(0);
      socket.sendQueue = value.u32(4);
      break;
    case ATTRIBUTE.MEMORY:
      socket.sendBuffer = value.u32(SEND_BUFFER_AT);
      break;
    case ATTRIBUTE.SHUTDOWN:
      socket.shutdown = value.u8(0);
      break;
    case ATTRIBUTE.UID:
      socket.uid = value.u32(0);
      break;
  }
}

/**
 * Reads an answer.
 *
 * @param body What follows the header of its message.
 * @returns The socket; its name is a copy.
 * @throws {NetlinkError} If it is too short.
 * @throws {RangeError} For a type that Unix sockets do not have.
 */
export function decodeSocket(body: Uint8Array): DiagSocket {
  const view = viewOf(body);
  const head = new Numbers(view, "a socket's description");
  const cookie = BigInt(head.u32(8)) | BigInt(head.u32(12)) << 32n;
  const socket: DiagSocket = {
    type: typeName(head.u8(1)),
    state: head.u8(2),
    inode: head.u32(4),
    cookie,
    shutdown: 0,
  };
  decodeAttributes(view, ANSWER_BYTES, (type, begin, length) => {
    if (type === ATTRIBUTE.NAME) socket.name = body.slice(begin, begin + length);
    else takeAttribute(socket, type, new Numbers(view, CALLED[type], begin, length));
  });
  return socket;
}
