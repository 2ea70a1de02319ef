/**
 * Settings of the host that rule how much waits in sockets and pipes.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { SO, SOL_SOCKET } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { type Check, type Judgement, ok, warning } from "./finding.ts";
import { numberOf } from "./proc_text.ts";

/** What listeners ask for, unless they are told otherwise. */
const BACKLOG = 4096;

const NETWORK = "it is a setting of each network namespace: a new one has the default again";

/** Judges how many connections wait: `net.core.somaxconn`. */
export function judgeBacklog(most: number | undefined): Judgement {
  if (most === undefined) return ok("net.core.somaxconn cannot be read: listeners ask for 4096");
  const found = `net.core.somaxconn is ${most}`;
  if (most >= BACKLOG) return ok(found);
  return warning(
    found,
    `at most ${most} clients wait to be accepted, where listeners ask for ${BACKLOG}; those beyond are told EAGAIN`,
    `sysctl net.core.somaxconn=${BACKLOG}; ${NETWORK}`,
  );
}

/** How many connections wait. */
export const BACKLOG_CHECK: Check = {
  name: "backlog",
  examine: () => judgeBacklog(numberOf("/proc/sys/net/core/somaxconn")),
};

/** The kernel's own default. */
const DATAGRAMS = 10;

/** Judges how many datagrams wait: `net.unix.max_dgram_qlen`. */
export function judgeDatagramQueue(most: number | undefined): Judgement {
  if (most === undefined) return ok("net.unix.max_dgram_qlen cannot be read: the kernel's default is 10");
  const found = `net.unix.max_dgram_qlen is ${most}`;
  if (most >= DATAGRAMS) return ok(found);
  return warning(
    found,
    `datagrams to a named socket: senders wait, or are told EAGAIN, once ${most + 1} are not taken`,
    `sysctl net.unix.max_dgram_qlen=512, before the receiver is bound; ${NETWORK}`,
  );
}

/** How many datagrams wait. */
export const DATAGRAM_QUEUE: Check = {
  name: "datagram-queue",
  examine: () => judgeDatagramQueue(numberOf("/proc/sys/net/unix/max_dgram_qlen")),
};

/** The kernel's own default of `net.core.wmem_max`. */
const SEND_BUFFER = 212_992;

/** What the kernel takes off for itself. */
const OVERHEAD = 32;

/** However large the buffer, larger packets are ENOBUFS. */
const LARGEST_PACKET = 4_263_616;

/** Judges send buffers, by the most that can be had: twice `net.core.wmem_max`. */
export function judgeSendBuffer(bytes: number): Judgement {
  const found = `net.core.wmem_max is ${bytes / 2}`;
  if (bytes >= 2 * SEND_BUFFER) {
    return ok(`${found}: packets of up to ${Math.min(bytes - OVERHEAD, LARGEST_PACKET)} bytes`);
  }
  return warning(
    found,
    `packets of more than ${bytes - OVERHEAD} bytes cannot be sent, whatever send buffer is asked for`,
    `sysctl net.core.wmem_max=${SEND_BUFFER}; net.core.rmem_max does not matter to Unix sockets`,
  );
}

function largestSendBuffer(): number {
  using fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
  const slot = new Int32Array([0x7fffffff]);
  check(native.ipcx_set_option(fd.number, SOL_SOCKET, SO.SNDBUF, slot, slot.byteLength), "setsockopt");
  check(native.ipcx_get_option(fd.number, SOL_SOCKET, SO.SNDBUF, slot, slot.byteLength), "getsockopt");
  return slot[0];
}

/** How large a send buffer can be. */
export const SEND_BUFFER_CHECK: Check = {
  name: "send-buffer",
  examine: () => judgeSendBuffer(largestSendBuffer()),
};

const F_GETPIPE_SZ = 1032;
const PIPE_BYTES = 65_536;

/** What there is to know of pipes. */
export interface PipeFacts {
  /** The room in a new one, in bytes. */
  bytes: number;
  /** `fs.pipe-user-pages-soft`. */
  soft?: number;
}

/** Judges pipes. */
export function judgePipes({ bytes, soft }: PipeFacts): Judgement {
  const found = `a new pipe has room for ${bytes} bytes`;
  if (bytes >= PIPE_BYTES) return ok(found);
  return warning(
    found,
    "what programs print and what is spliced moves in small pieces: slower, though nothing is lost",
    `this user has as many pipes as fs.pipe-user-pages-soft${soft === undefined ? "" : ` (${soft} pages)`} allows: ` +
      "end some programs, or raise it",
  );
}

function roomInPipe(): number {
  const ends = new Int32Array(2);
  check(native.ipcx_pipe(ends), "pipe2");
  using reader = new Fd(ends[0]);
  using _writer = new Fd(ends[1]);
  return check(native.ipcx_probe_fcntl(reader.number, F_GETPIPE_SZ, 0), "fcntl");
}

/** How much room a pipe has. */
export const PIPES: Check = {
  name: "pipes",
  examine: () => judgePipes({ bytes: roomInPipe(), soft: numberOf("/proc/sys/fs/pipe-user-pages-soft") }),
};
