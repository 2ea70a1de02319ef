/**
 * Ways around copying, and which sockets they work with.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import type { SocketType } from "../core/options.ts";
import { errorIn, Pair, receive, send } from "./calls.ts";
import { F } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";

const TEXT = new TextEncoder().encode("text");

const PAGE_BYTES = 4096;

/** No larger pipe is tried, whatever the kernel would make. */
const MOST_PIPE_BYTES = 16_777_216;

const PACKETS: readonly SocketType[] = ["dgram", "seqpacket"];

/** What comes out of one end was put into the other. */
class Pipe implements Disposable {
  readonly reader: Fd;
  readonly writer: Fd;

  constructor() {
    const ends = new Int32Array(2);
    check(native.ipcx_pipe(ends), "pipe2");
    this.reader = new Fd(ends[0]);
    this.writer = new Fd(ends[1]);
  }

  /** Reads what is there, which has to be something. */
  read(): Uint8Array {
    const bytes = new Uint8Array(PAGE_BYTES);
    return bytes.subarray(0, check(native.ipcx_try_read(this.reader.number, bytes, bytes.length), "read"));
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.writer.close();
  }
}

function isText(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes) === new TextDecoder().decode(TEXT);
}

/** Moves the text; gives how many bytes went, or −errno. */
function splice(from: Fd, to: Fd): number {
  const moved = new Int32Array(4);
  const result = native.ipcx_splice(from.number, to.number, TEXT.length, 0, 0, 0, moved);
  return result < 0 ? result : moved[0];
}

function tee(from: Fd, to: Fd): number {
  const moved = new Int32Array(4);
  const result = native.ipcx_tee(from.number, to.number, TEXT.length, moved);
  return result < 0 ? result : moved[0];
}

function isSplicedInto(type: SocketType): boolean {
  using pipe = new Pipe();
  using pair = Pair.of(type);
  check(native.ipcx_write(pipe.writer.number, TEXT, TEXT.length), "write");
  return splice(pipe.reader, pair.left) === TEXT.length && isText(receive(pair.right, PAGE_BYTES).data);
}

function isSplicedFrom(type: SocketType): boolean {
  using pipe = new Pipe();
  using pair = Pair.of(type);
  check(send(pair.left, TEXT), "sendmsg");
  return splice(pair.right, pipe.writer) === TEXT.length && isText(pipe.read());
}

function isFileSent(): boolean {
  using file = new Fd(check(native.ipcx_probe_memory(0), "memfd_create"));
  check(native.ipcx_write(file.number, TEXT, TEXT.length), "write");
  using pair = Pair.of("stream");
  const moved = new Int32Array(4);
  check(native.ipcx_send_file(pair.left.number, file.number, 0, 0, TEXT.length, moved), "sendfile");
  return isText(receive(pair.right, PAGE_BYTES).data);
}

function isTeed(): boolean {
  using one = new Pipe();
  using other = new Pipe();
  check(native.ipcx_write(one.writer.number, TEXT, TEXT.length), "write");
  return tee(one.reader, other.writer) === TEXT.length && isText(other.read()) && isText(one.read());
}

function teeFromSocket(): number {
  using pipe = new Pipe();
  using pair = Pair.of("stream");
  check(send(pair.left, TEXT), "sendmsg");
  return tee(pair.right, pipe.writer);
}

/** What is read from a pipe that memory was put into, if it is written to in between. */
function isMemoryStillTheSame(): boolean {
  using pipe = new Pipe();
  const memory = new Uint8Array(PAGE_BYTES);
  check(native.ipcx_vmsplice(pipe.writer.number, memory, 0, memory.length), "vmsplice");
  memory[0] = 1;
  return pipe.read()[0] === 1;
}

function vmspliceToSocket(): number {
  using pair = Pair.of("stream");
  return native.ipcx_vmsplice(pair.left.number, new Uint8Array(PAGE_BYTES), 0, PAGE_BYTES);
}

function largestPipe(): number | Finding {
  using pipe = new Pipe();
  let most = check(native.ipcx_probe_fcntl(pipe.writer.number, F.GETPIPE_SZ, 0), "fcntl");
  while (most < MOST_PIPE_BYTES && native.ipcx_probe_fcntl(pipe.writer.number, F.SETPIPE_SZ, 2 * most) >= 0) most *= 2;
  return most < MOST_PIPE_BYTES ? most : { value: most, note: "at least; more was not tried" };
}

/** Ways around copying, and which sockets they work with. */
export const ZERO_COPY: readonly Probe[] = [
  {
    name: "sendfile",
    title: "sendfile sends from a file to a stream",
    unit: "yes or no",
    source: "sendfile(2)",
    measure: isFileSent,
  },
  {
    name: "splice-to-stream",
    title: "splice moves from a pipe to a stream",
    unit: "yes or no",
    source: "splice(2)",
    measure: () => isSplicedInto("stream"),
  },
  {
    name: "splice-from-stream",
    title: "splice moves from a stream to a pipe",
    unit: "yes or no",
    source: "splice(2)",
    measure: () => isSplicedFrom("stream"),
  },
  {
    name: "splice-to-packets",
    title: "splice moves from a pipe to sockets of datagrams and packets",
    unit: "yes or no",
    source: "splice_to_socket() in fs/splice.c",
    measure: () => PACKETS.every(isSplicedInto),
  },
  {
    name: "splice-from-packets",
    title: "splice moves from sockets of datagrams and packets to a pipe",
    unit: "yes or no",
    source: "sock_splice_read() in net/socket.c, which copies",
    measure: () => PACKETS.every(isSplicedFrom),
  },
  {
    name: "tee",
    title: "tee duplicates what is in a pipe into another one",
    unit: "yes or no",
    source: "tee(2)",
    measure: isTeed,
  },
  {
    name: "tee-socket",
    title: "error of tee for a socket",
    unit: "error",
    source: "tee(2): both have to be pipes",
    measure: () => errorIn(teeFromSocket()),
  },
  {
    name: "vmsplice-later",
    title: "what is written to memory after vmsplice is read from the pipe",
    unit: "yes or no",
    source: "vmsplice(2)",
    measure: isMemoryStillTheSame,
  },
  {
    name: "vmsplice-socket",
    title: "error of vmsplice for a socket",
    unit: "error",
    source: "vmsplice(2): it has to be a pipe",
    measure: () => errorIn(vmspliceToSocket()),
  },
  {
    name: "pipe-default",
    title: "bytes that a pipe holds",
    unit: "bytes",
    source: "pipe(7)",
    measure: () => {
      using pipe = new Pipe();
      return check(native.ipcx_probe_fcntl(pipe.writer.number, F.GETPIPE_SZ, 0), "fcntl");
    },
  },
  {
    name: "pipe-most",
    title: "largest pipe that this user can have (F_SETPIPE_SZ)",
    unit: "bytes",
    source: "fs.pipe-max-size, unless CAP_SYS_RESOURCE: pipe(7)",
    measure: largestPipe,
  },
];
