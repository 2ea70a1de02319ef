/**
 * Asking the kernel about its Unix sockets: about all, about one, and about those
 * who wait at a listener (sock_diag(7)).
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import { ERRNO } from "./linux.ts";
import type { DiagPort } from "./diag_port.ts";
import { decodeMessages, NetlinkError, type NetlinkMessage, NLM_F, NLMSG, Numbers } from "./netlink.ts";
import {
  decodeSocket,
  type DiagRequest,
  type DiagSocket,
  encodeRequest,
  SHOW,
  SOCK_DIAG_BY_FAMILY,
  TCP,
} from "./unix_diag.ts";

/** How often a list is asked for again that has changed meanwhile; after that, it is taken as it is. */
const ATTEMPTS = 5;

/** All but those who wait at listeners. */
const EVERYTHING = SHOW.NAME | SHOW.VFS | SHOW.PEER | SHOW.QUEUES | SHOW.MEMORY | SHOW.UID;

const SYSCALL = "sock_diag";

/** An answer, taken to its end. */
interface Answer {
  sockets: DiagSocket[];
  interrupted: boolean;
}

let sequence = 0;

/** How an error is told, also at the end of a list. */
function throwIfError(body: Uint8Array): void {
  const code = new Numbers(body, "a netlink error").i32(0);
  if (code < 0) throw new SystemError(SYSCALL, -code);
}

/** Takes one message; `false` for the last one. */
function take(message: NetlinkMessage, answer: Answer): boolean {
  if (message.flags & NLM_F.DUMP_INTR) answer.interrupted = true;
  if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
    if (message.body.length > 0) throwIfError(message.body);
    return false;
  }
  if (message.type === NLMSG.OVERRUN) throw new SystemError(SYSCALL, ERRNO.ENOBUFS);
  if (message.type === SOCK_DIAG_BY_FAMILY) answer.sockets.push(decodeSocket(message.body));
  return (message.flags & NLM_F.MULTI) !== 0;
}

function ask(port: DiagPort, request: Omit<DiagRequest, "sequence">): Answer {
  const own = sequence = (sequence + 1) >>> 0;
  port.send(encodeRequest({ ...request, sequence: own }));
  const answer: Answer = { sockets: [], interrupted: false };
  for (;;) {
    const piece = port.receive();
    if (piece.length === 0) throw new NetlinkError("an answer has no bytes");
    for (const message of decodeMessages(piece)) {
      if (message.sequence === own && !take(message, answer)) return answer;
    }
  }
}

function askForList(port: DiagPort, request: Omit<DiagRequest, "sequence">): DiagSocket[] {
  for (let attempt = 1;; attempt++) {
    const { sockets, interrupted } = ask(port, request);
    if (!interrupted || attempt === ATTEMPTS) return sockets;
  }
}

/**
 * Asks about one socket.
 *
 * @returns The socket, or `undefined` if there is none, or if the answer does not fit into a page.
 */
function askAbout(port: DiagPort, inode: number, show: number): DiagSocket | undefined {
  try {
    return ask(port, { inode, show }).sockets[0];
  } catch (error) {
    if (error instanceof SystemError && ["ENOENT", "EMSGSIZE"].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Adds to listeners who waits there to be accepted.
 *
 * They are not asked for with everything else: a list ends without a word before
 * the first socket that does not fit into a piece of it, which takes some 900
 * of them in the first piece of all, and some 8000 in later ones.
 */
function addPending(port: DiagPort, sockets: readonly DiagSocket[]): void {
  const busy = sockets.filter(({ state, receiveQueue }) => state === TCP.LISTEN && receiveQueue !== 0);
  if (busy.length === 0) return;
  const listed = askForList(port, { show: SHOW.PENDING, states: 1 << TCP.LISTEN });
  const told = new Map(listed.map(({ cookie, pending }) => [cookie, pending]));
  for (const listener of busy) {
    const pending = told.get(listener.cookie) ?? askAbout(port, listener.inode, SHOW.PENDING)?.pending;
    if (pending) listener.pending = pending;
  }
}

/**
 * Asks for all Unix sockets of the port's network namespace.
 *
 * The list is none of a single instant: what comes or goes meanwhile may be in
 * it or not.
 *
 * @param port Where to ask.
 * @returns The sockets, each once; of listeners also who waits there.
 * @throws {SystemError} ENOENT where the kernel cannot list Unix sockets.
 * @throws {NetlinkError} For an answer that is none.
 */
export function askForSockets(port: DiagPort): DiagSocket[] {
  const listed = askForList(port, { show: EVERYTHING });
  const sockets = [...new Map(listed.map((socket) => [`${socket.inode} ${socket.cookie}`, socket])).values()];
  addPending(port, sockets);
  return sockets;
}

/**
 * Asks for the names of the sockets that have no peer: listeners, and those that
 * are merely bound. It costs a fraction of a full list.
 *
 * @param port Where to ask.
 * @returns The sockets of the port's network namespace.
 * @throws {SystemError} ENOENT where the kernel cannot list Unix sockets.
 * @throws {NetlinkError} For an answer that is none.
 */
export function askForUnconnected(port: DiagPort): DiagSocket[] {
  return askForList(port, { show: SHOW.NAME, states: 1 << TCP.LISTEN | 1 << TCP.CLOSE });
}
