import { assertEquals, assertThrows } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { native } from "../../src/core/native.ts";
import { openPipe, PipeReader } from "../../src/core/pipe.ts";
import { until } from "../cli/program.ts";
import { claim } from "../claim.ts";

const encoder = new TextEncoder();

function write(fd: Fd, data: string | Uint8Array<ArrayBuffer>): void {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  assertEquals(native.ipcx_write(fd.number, bytes, bytes.length), 0);
}

/** A pipe whose reader notes what it is told. */
class Noted implements Disposable {
  readonly writer: Fd;
  readonly reader: PipeReader;
  text = "";
  bytes = 0;
  ends = 0;
  onData = () => {};

  constructor() {
    const ends = openPipe();
    this.writer = ends.writer;
    this.reader = new PipeReader(ends.reader, {
      onData: (bytes) => {
        this.bytes += bytes.length;
        if (this.bytes < 1000) this.text += new TextDecoder().decode(bytes);
        this.onData();
      },
      onEnd: () => this.ends++,
    });
  }

  [Symbol.dispose](): void {
    this.writer.close();
    this.reader.close();
  }
}

claim("what is written into a pipe is told, and its end once", async () => {
  using noted = new Noted();
  write(noted.writer, "a");
  assertEquals(noted.text, "", "not before the caller is done");
  await until(() => noted.text === "a", "nothing is told");
  write(noted.writer, "b");
  await until(() => noted.text === "ab", "nothing more is told");
  noted.writer.close();
  await until(() => noted.ends === 1, "no end is told");
  assertEquals(noted.reader.isOpen, false);
  noted.reader.drain();
  noted.reader.close();
  assertEquals(noted.ends, 1);
});

claim("a pipe is drained without waiting for who holds its other end", () => {
  using noted = new Noted();
  noted.reader.drain();
  write(noted.writer, "text");
  noted.reader.drain();
  assertEquals([noted.text, noted.ends, noted.reader.isOpen], ["text", 0, true]);
  noted.writer.close();
  noted.reader.drain();
  assertEquals([noted.text, noted.ends, noted.reader.isOpen], ["text", 1, false]);
});

claim("as much is drained as a pipe holds", () => {
  using noted = new Noted();
  write(noted.writer, new Uint8Array(65_536));
  noted.reader.drain();
  assertEquals(noted.bytes, 65_536);
});

claim("a paused pipe fills, and nothing is told until it goes on: then all of it is, and the end", async () => {
  using noted = new Noted();
  noted.reader.pause();
  noted.reader.pause();
  assertEquals(noted.reader.isPaused, true);
  write(noted.writer, "kept");
  noted.writer.close();
  noted.reader.drain();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals([noted.text, noted.ends], ["", 0]);
  noted.reader.resume();
  assertEquals(noted.reader.isPaused, false);
  await until(() => noted.ends === 1, "no end is told");
  assertEquals(noted.text, "kept");
});

claim("a reader may be paused or closed by what it is told", async () => {
  using paused = new Noted();
  paused.onData = () => paused.reader.pause();
  write(paused.writer, new Uint8Array(65_536));
  await until(() => paused.bytes > 0, "nothing is told");
  write(paused.writer, "more");
  paused.reader.drain();
  assertEquals(paused.bytes, 65_536);
  paused.reader.resume();
  await until(() => paused.bytes === 65_540, "the rest is not told");

  using closed = new Noted();
  closed.onData = () => closed.reader.close();
  write(closed.writer, "x");
  closed.reader.drain();
  assertEquals([closed.text, closed.ends, closed.reader.isOpen], ["x", 0, false]);
});

claim("who writes into a pipe that nobody reads any more is told", () => {
  using noted = new Noted();
  noted.reader.close();
  noted.reader.pause();
  noted.reader.resume();
  const bytes = new Uint8Array(1);
  // The runtime ignores SIGPIPE, so the call itself tells.
  assertEquals(native.ipcx_write(noted.writer.number, bytes, 1) < 0, true);
});

claim("a descriptor that is no pipe is refused, and closed", () => {
  const { reader, writer } = openPipe();
  reader.close();
  assertThrows(() => new PipeReader(reader, { onData() {}, onEnd() {} }), ClosedError);
  writer.close();
});
