/**
 * Bytes that tell where they belong, and files with them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { native } from "../../src/core/native.ts";
import { openPath } from "../../src/core/reach.ts";
import type { UnixSocket } from "../../src/core/socket.ts";
import { Waiters } from "../../src/core/waiters.ts";
import type { OwnDirectory } from "../claim.ts";

/** What is at a place: near each other no two places agree so that a shift would not be seen. */
export function byteAt(at: number): number {
  return (at * 7 + Math.floor(at / 251)) & 0xff;
}

/** The bytes from one place on. */
export function contents(from: number, count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at++) bytes[at] = byteAt(from + at);
  return bytes;
}

/** Fails unless bytes are those from one place on; faster than to compare them with an array. */
export function assertContents(bytes: Uint8Array, from: number): void {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== byteAt(from + at)) assertEquals([at, bytes[at]], [at, byteAt(from + at)]);
  }
}

/** A file with such bytes, open for reading. */
export function fileOf(directory: OwnDirectory, size: number): Fd {
  const path = directory.file(`contents-${size}`);
  Deno.writeFileSync(path, contents(0, size));
  return openPath(path, OPEN.READ);
}

/** Receives so many bytes of a stream, each the one that belongs at its place. */
export async function receiveContents(socket: UnixSocket, from: number, count: number): Promise<void> {
  for (let at = 0; at < count;) {
    const message = await socket.receive({ maxBytes: Math.min(count - at, 2 ** 20) });
    if (!message) throw new Error(`the end, after ${at} of ${count} bytes`);
    assertContents(message.data, from + at);
    at += message.length;
  }
}

/** Reads what comes out of a nonblocking descriptor, up to so many bytes or its end. */
export async function readUpTo(fd: Fd, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  const waiters = new Waiters(fd.number);
  native.ipcx_set_nonblocking(fd.number);
  let got = 0;
  try {
    while (got < count) {
      const more = native.ipcx_try_read(fd.number, bytes.subarray(got), count - got);
      if (more === 0) break;
      if (more > 0) got += more;
      else await waiters.wait("readable");
    }
  } finally {
    waiters.close();
  }
  return bytes.subarray(0, got);
}
