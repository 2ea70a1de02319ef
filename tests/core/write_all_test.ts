import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { sendFile } from "../../src/core/send_file.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { writeAll } from "../../src/core/write_all.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { assertContents, contents, readUpTo, receiveContents } from "./contents.ts";
import { OwnPipe, withPair } from "./pairs.ts";
import { tcpPair } from "./tcp_pair.ts";

const MIB = 2 ** 20;
const REASON = new Error("enough");

/** The bytes from one place on, in pieces. */
function pieces(from: number, ...lengths: number[]): Uint8Array<ArrayBuffer>[] {
  let at = from;
  return lengths.map((length) => contents((at += length) - length, length));
}

claim("text, bytes and buffers in a row are written, however small or large", async () => {
  using pipe = new OwnPipe();
  using pair = await tcpPair();
  assertEquals(await writeAll(pipe.writer, "héllo"), 6);
  assertEquals(new TextDecoder().decode(await readUpTo(pipe.reader, 6)), "héllo");
  for (const lengths of [[1], [0, 3, 0, 5], [10, 65_536, 1], [MIB, 0, 7, MIB], Array(1024).fill(1000)]) {
    const sum = lengths.reduce((one, other) => one + other);
    const toPipe = writeAll(pipe.writer, pieces(3, ...lengths));
    assertContents(await readUpTo(pipe.reader, sum), 3);
    const toTcp = writeAll(pair.own, pieces(5, ...lengths));
    assertContents(await pair.read(sum), 5);
    assertEquals([await toPipe, await toTcp], [sum, sum]);
  }
  for (const nothing of ["", new Uint8Array(), [], [new Uint8Array()]]) {
    assertEquals([await writeAll(pipe.writer, nothing), await writeAll(pair.own, nothing)], [0, 0]);
  }
  await assertRejects(() => writeAll(pipe.writer, pieces(0, ...Array(1025).fill(1))), RangeError, "1024 are the most");
});

claim("files are written to at their position", async () => {
  using directory = new OwnDirectory();
  using file = openPath(directory.file("written"), OPEN.WRITE | OPEN.CREATE);
  await writeAll(file, pieces(0, 100, 200));
  await writeAll(file, contents(300, 700));
  assertEquals(Deno.readFileSync(directory.file("written")), contents(0, 1000));
});

claim("what is written and sent at the same time does not mix", async () => {
  using memory = SharedMemory.create(MIB);
  memory.bytes.set(contents(0, MIB));
  await withPair("stream", async (left, right) => {
    const all = [
      writeAll(left.fd, contents(0, MIB)),
      left.send(contents(0, MIB)),
      sendFile(left, memory),
      writeAll(left.fd, pieces(0, 1, MIB - 1)),
    ];
    for (let at = 0; at < 4; at++) await receiveContents(right, 0, MIB);
    assertEquals(await Promise.all(all), [MIB, MIB, MIB, MIB]);
  });
});

claim("a reader that does not read makes the writer wait, until a signal or closing ends that", async () => {
  using pipe = new OwnPipe();
  const aborted = AbortSignal.abort(REASON);
  assertStrictEquals(await assertRejects(() => writeAll(pipe.writer, "x", { signal: aborted })), REASON);
  const controller = new AbortController();
  let isOver = false;
  const writing = writeAll(pipe.writer, contents(0, MIB), { signal: controller.signal }).finally(() => isOver = true);
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setTimeout(resolve));
  assert(!isOver);
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => writing), REASON);
  const closed = writeAll(pipe.writer, contents(0, MIB));
  pipe.writer.close();
  await assertRejects(() => closed, ClosedError);
  await assertRejects(() => writeAll(pipe.writer, "x"), ClosedError);
});

claim("what is long and finds room all the time leaves others their turns, and heeds a signal", async () => {
  using sink = openPath("/dev/null", OPEN.WRITE);
  const half = new Uint8Array(32 * MIB);
  let turns = 0;
  let isWritten = false;
  const writing = writeAll(sink, [half, half]).finally(() => isWritten = true);
  while (!isWritten) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  assertEquals(await writing, 64 * MIB);
  assert(turns >= 15, `${turns} turns`);
  const controller = new AbortController();
  const ended = writeAll(sink, [half, half], { signal: controller.signal });
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => ended), REASON);
});

claim("parts of many MiB arrive whole, wherever they are divided on the way", async () => {
  await withPair("stream", async (left, right) => {
    const lengths = [1, 5 * MIB + 3, 0, 4 * MIB, 17, 3 * MIB];
    const total = lengths.reduce((sum, length) => sum + length);
    const writing = writeAll(left.fd, pieces(0, ...lengths));
    await receiveContents(right, 0, total);
    assertEquals(await writing, total);
  });
});

claim("a reader that has gone is an error, and so is what cannot be written to", async () => {
  using pipe = new OwnPipe();
  const fails = async (writing: Promise<number>, code: string, syscall: string): Promise<void> => {
    const error = await assertRejects(() => writing, SystemError);
    assertEquals([error.code, error.syscall], [code, syscall]);
  };
  await fails(writeAll(pipe.reader, "x"), "EBADF", "write");
  pipe.reader.close();
  await fails(writeAll(pipe.writer, "x"), "EPIPE", "write");
  const [left, right] = UnixSocket.pair();
  right.close();
  await fails(writeAll(left.fd, "x"), "EPIPE", "sendmsg");
  left.close();
  const [packets, others] = UnixSocket.pair("seqpacket");
  await assertRejects(() => writeAll(packets.fd, "x"), TypeError, "sent, not written: use UnixSocket.send");
  packets.close();
  others.close();
});
