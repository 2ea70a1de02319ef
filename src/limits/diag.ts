/**
 * What the kernel tells of one socket (sock_diag(7)).
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { AF_UNIX } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { receive, send } from "./calls.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const UDIAG_SHOW_RQLEN = 0x10;
const UNIX_DIAG_RQLEN = 4;
const HEADER_BYTES = 16;
const REQUEST_BYTES = 24;
const ANSWER_BYTES = 16;
const ANY = 0xffffffff;

function inodeOf(socket: Fd): number {
  const [, inode] = /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/self/fd/${socket.number}`)) ?? [];
  return Number(inode);
}

/** A question about one socket: struct nlmsghdr, struct unix_diag_req. */
function question(inode: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + REQUEST_BYTES);
  new Uint32Array(bytes.buffer)[0] = bytes.length;
  new Uint16Array(bytes.buffer, 4, 2).set([SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST]);
  bytes[HEADER_BYTES] = AF_UNIX;
  new Uint32Array(bytes.buffer, HEADER_BYTES + 4, 5).set([ANY, inode, UDIAG_SHOW_RQLEN, ANY, ANY]);
  return bytes;
}

/**
 * Asks for the queue of a socket (UNIX_DIAG_RQLEN).
 *
 * @param socket The socket, one of this network namespace.
 * @returns How much waits in it: of a listener connections, out of its backlog.
 * @throws {SystemError} ENOENT where the kernel is built without it (CONFIG_UNIX_DIAG).
 */
export function queueOf(socket: Fd): { length: number; limit: number } {
  using asked = new Fd(check(native.ipcx_probe_socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), "socket"));
  check(send(asked, question(inodeOf(socket))), "sock_diag");
  const { result, data } = receive(asked, 4096);
  const answer = data.slice(0, check(result, "sock_diag")).buffer;
  if (new Uint16Array(answer, 4, 1)[0] === NLMSG_ERROR) {
    throw new SystemError("sock_diag", -new Int32Array(answer, HEADER_BYTES, 1)[0]);
  }
  for (let at = HEADER_BYTES + ANSWER_BYTES; at + 4 <= answer.byteLength;) {
    const [bytes, type] = new Uint16Array(answer, at, 2);
    if (type === UNIX_DIAG_RQLEN) {
      const [length, limit] = new Uint32Array(answer, at + 4, 2);
      return { length, limit };
    }
    at += Math.max(Math.ceil(bytes / 4) * 4, 4);
  }
  throw new Error("sock_diag tells nothing of the queue");
}
