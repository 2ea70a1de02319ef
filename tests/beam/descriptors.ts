/**
 * Descriptors to send, and what those that arrived are of.
 *
 * @module
 */

import { Fd } from "ipcx";
import { check } from "../../src/core/errors.ts";
import { OPEN } from "../../src/core/linux.ts";
import { native } from "../../src/core/native.ts";

const encoder = new TextEncoder();

/** A pipe; both ends are the caller's. */
export function pipe(): [reader: Fd, writer: Fd] {
  const ends = new Int32Array(2);
  check(native.ipcx_pipe(ends), "pipe2");
  return [new Fd(ends[0]), new Fd(ends[1])];
}

/** A pipe with a text for its reader, who is the caller's. */
export function pipeWith(text: string): Fd {
  const [reader, writer] = pipe();
  using filled = writer;
  write(filled, text);
  return reader;
}

/** Opens a file for reading. */
export function openFile(path: string): Fd {
  return new Fd(check(native.ipcx_open_path(encoder.encode(`${path}\0`), OPEN.READ), "open"));
}

/** Memory as senders make it for large payloads. */
export function sealedMemory(size: number): Fd {
  return new Fd(check(native.ipcx_memory_create(encoder.encode("test\0"), size, 0), "memfd_create"));
}

/** Writes a text. */
export function write(fd: Fd, text: string): void {
  const bytes = encoder.encode(text);
  check(native.ipcx_write(fd.number, bytes, bytes.length), "write");
}

/** Reads all that there is; the descriptor stays as it is, but a pipe is empty then. */
export function textOf(fd: Fd): string {
  return Deno.readTextFileSync(`/proc/self/fd/${fd.number}`);
}

/** Takes the descriptors of a message, reads them and closes them. */
export function textsOf(message: { takeFds(): Fd[] }): string[] {
  return message.takeFds().map((fd) => {
    using read = fd;
    return textOf(read);
  });
}
