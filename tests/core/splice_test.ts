import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import { OPEN } from "../../src/core/linux.ts";
import { native } from "../../src/core/native.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { splice, tee } from "../../src/core/splice.ts";
import { SpliceError } from "../../src/core/splice_error.ts";
import { writeAll } from "../../src/core/write_all.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { assertContents, contents, fileOf, readUpTo, receiveContents } from "./contents.ts";
import { OwnPipe, withPair } from "./pairs.ts";
import { tcpPair } from "./tcp_pair.ts";

const MIB = 2 ** 20;
const REASON = new Error("enough");

async function assertFails(
  moving: Promise<number>,
  code: string,
  side: "from" | "to" | undefined,
  advice: string,
): Promise<SpliceError> {
  const error = await assertRejects(() => moving, SpliceError);
  assertEquals([error.code, error.side], [code, side]);
  assert(error.message.includes(advice), error.message);
  return error;
}

claim("bytes go from a socket through a pipe to another socket, in their order", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", async (near, left) => {
    await withPair("stream", async (right, far) => {
      const moving = [
        near.send(contents(0, MIB)),
        splice(left, pipe.writer, MIB),
        splice(pipe.reader, right, MIB),
        receiveContents(far, 0, MIB),
      ];
      assertEquals(await Promise.all(moving), [MIB, MIB, MIB, undefined]);
    });
  });
});

claim("bytes go from a TCP connection to a pipe, and back", async () => {
  using pipe = new OwnPipe();
  using pair = await tcpPair();
  const written = pair.peer.write(contents(0, 1000));
  assertEquals(await splice(pair.own, pipe.writer, 1000), 1000);
  assertEquals(await splice(pipe.reader, pair.own, 1000, { more: true }), 1000);
  assertContents(await pair.read(1000), 0);
  assertEquals(await written, 1000);
});

claim("bytes go from a file to a pipe and from a pipe to a file, from any offset or from its position", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 10_000);
  using pipe = new OwnPipe();
  using copy = openPath(directory.file("copy"), OPEN.READ | OPEN.WRITE | OPEN.CREATE);
  assertEquals(await splice(file, pipe.writer, 100, { fromOffset: 9_000 }), 100);
  assertEquals(await splice(file, pipe.writer, 100), 100);
  assertEquals(await splice(file, pipe.writer, 100), 100);
  assertEquals(await splice(file, pipe.writer, 100, { fromOffset: 9_990 }), 10);
  assertEquals(await splice(file, pipe.writer, 100, { fromOffset: 10_000 }), 0);
  assertEquals(await splice(pipe.reader, copy, 100, { toOffset: 5 * 2 ** 30 }), 100);
  assertEquals(await splice(pipe.reader, copy, 210), 210);
  assertEquals(Deno.statSync(directory.file("copy")).size, 5 * 2 ** 30 + 100);
  const found = new Uint8Array(210);
  native.ipcx_read_at(copy.number, found, 210, 0, 0);
  assertContents(found.subarray(0, 200), 0);
  assertContents(found.subarray(200), 9_990);
  native.ipcx_read_at(copy.number, found, 100, 2 ** 30, 1);
  assertContents(found.subarray(0, 100), 9_000);
});

claim("it waits until the source has something, and until the target has room", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", async (near, left) => {
    const arriving = splice(left, pipe.writer, 3);
    for (const text of ["a", "b", "c"]) {
      await new Promise((resolve) => setImmediate(resolve));
      await near.send(text);
    }
    assertEquals(await arriving, 3);
    const filling = near.send(contents(0, 2 * MIB));
    const leaving = splice(left, pipe.writer, 2 * MIB);
    assertEquals(new TextDecoder().decode(await readUpTo(pipe.reader, 3)), "abc");
    for (let at = 0; at < 2 * MIB; at += 65_536) {
      assertContents(await readUpTo(pipe.reader, 65_536), at);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assertEquals([await filling, await leaving], [2 * MIB, 2 * MIB]);
  });
});

claim("at the end of the source it ends, with what there was", async () => {
  using pipe = new OwnPipe();
  const [near, left] = UnixSocket.pair();
  await near.send("last");
  near.close();
  assertEquals(await splice(left, pipe.writer, 100), 4);
  assertEquals(await splice(left, pipe.writer, 100), 0);
  pipe.writer.close();
  await withPair("stream", async (right, far) => {
    assertEquals(await splice(pipe.reader, right, 100), 4);
    assertEquals((await far.receive())!.text, "last");
    assertEquals(await splice(pipe.reader, right, 100), 0);
    assertEquals(await splice(pipe.reader, right, 0), 0);
  });
  left.close();
});

claim("what is received and spliced at the same time keeps its order", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", async (near, left) => {
    const first = left.receive({ maxBytes: 2 });
    const second = splice(left, pipe.writer, 3);
    const third = left.receive();
    await near.send("aabbbcc");
    assertEquals([(await first)!.text, await second, (await third)!.text], ["aa", 3, "cc"]);
    assertEquals(new TextDecoder().decode(await readUpTo(pipe.reader, 3)), "bbb");
  });
});

claim("descriptors that come with what is spliced are closed, and the bytes are kept", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", async (near, left) => {
    using passed = new OwnPipe();
    await near.send("x", { fds: [passed.writer] });
    passed.writer.close();
    assertEquals(await splice(left, pipe.writer, 1), 1);
    // The only other copy of the end to write to was on its way.
    assertEquals((await readUpTo(passed.reader, 1)).length, 0);
  });
});

claim("a pipe that is full of small pieces holds fewer bytes", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", async (near, left) => {
    const moving = splice(left, pipe.writer, 20);
    let isOver = false;
    moving.then(() => isOver = true);
    for (let at = 0; at < 20; at++) {
      await near.send("x");
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve));
    }
    assert(!isOver, "a pipe has 16 places, each for what came in one piece");
    assertEquals((await readUpTo(pipe.reader, 20)).length, 20);
    assertEquals(await moving, 20);
  });
});

claim("the error says which side has failed, and how much had been moved", async () => {
  using pipe = new OwnPipe();
  const [near, left] = UnixSocket.pair();
  await writeAll(pipe.writer, contents(0, 65_536));
  await writeAll(near.fd, "to be reset");
  const moving = splice(pipe.reader, left, 2 * MIB);
  await receiveContents(near, 0, 65_536);
  near.close();
  await writeAll(pipe.writer, "x");
  const error = await assertFails(moving, "EPIPE", "to", `to fd:${left.fd.number}`);
  assertEquals([error.bytes, error.syscall], [65_536, "splice"]);
  left.close();

  const [own, peer] = UnixSocket.pair();
  await own.send("never read");
  peer.close();
  await assertFails(splice(own, pipe.writer, 10), "ECONNRESET", "from", `from fd:${own.fd.number}`);
  own.close();

  pipe.reader.close();
  await withPair("stream", async (near, left) => {
    await near.send("x");
    await assertFails(splice(left, pipe.writer, 1), "EPIPE", "to", "nobody reads the pipe");
  });
});

claim("what cannot be spliced is refused with what can", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 10);
  using pipe = new OwnPipe();
  using other = new OwnPipe();
  using appending = openPath(directory.file("log"), OPEN.WRITE | OPEN.CREATE | OPEN.APPEND);
  await writeAll(pipe.writer, "x");
  await withPair("stream", async (left, right) => {
    const advice = "one of the two has to be a pipe, and the other another pipe, a stream socket, or a file";
    for (const [from, to] of [[left, right], [file, left], [pipe.reader, appending], [pipe.reader, pipe.writer]]) {
      await assertFails(splice(from, to, 1), "EINVAL", undefined, advice);
    }
    await assertFails(splice(pipe.writer, other.writer, 1), "EBADF", undefined, "open for reading");
    await assertFails(splice(pipe.reader, other.reader, 1), "EBADF", undefined, "open for reading");
    await assertFails(splice(pipe.reader, left, 1, { fromOffset: 1 }), "ESPIPE", undefined, "a pipe has no offset");
    const both = { fromOffset: 1, toOffset: 1 };
    await assertRejects(() => splice(file, other.writer, 1, both), RangeError, "only one side can have an offset");
    for (const value of [-1, 0.5, 2 ** 53]) {
      const range = `is a whole number from 0 to 9007199254740991, not ${value}`;
      await assertRejects(() => splice(pipe.reader, left, value), RangeError, `count ${range}`);
      await assertRejects(() => tee(pipe.reader, other.writer, value), RangeError, `count ${range}`);
      const options = { fromOffset: value };
      await assertRejects(() => splice(file, other.writer, 1, options), RangeError, `an offset ${range}`);
    }
  });
  for (const type of ["seqpacket", "dgram"] as const) {
    await withPair(type, async (left) => {
      const message = "packets and datagrams are not spliced, since they would lose their boundaries";
      await assertRejects(() => splice(left, pipe.writer, 1), TypeError, message);
      await assertRejects(() => splice(pipe.reader, left.fd, 1), TypeError, message);
    });
  }
});

claim("a signal ends the wait for either side, and for the turn", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", async (near, left) => {
    const aborted = AbortSignal.abort(REASON);
    assertStrictEquals(await assertRejects(() => splice(left, pipe.writer, 1, { signal: aborted })), REASON);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = [
      splice(left, pipe.writer, 1, { signal }),
      splice(left, pipe.writer, 1, { signal }),
      splice(pipe.reader, near, 1, { signal }),
      left.receive({ signal }),
    ];
    controller.abort(REASON);
    for (const wait of waiting) assertStrictEquals(await assertRejects(() => wait), REASON);
    await near.send("x");
    assertEquals(await splice(left, pipe.writer, 1), 1);
  });
});

claim("closing either side ends the wait for the other one", async () => {
  for (const closed of ["source", "target"]) {
    for (const ready of [true, false]) {
      using pipe = new OwnPipe();
      const [near, left] = UnixSocket.pair();
      if (ready) await writeAll(pipe.writer, contents(0, 65_536));
      await near.send(contents(0, 100));
      // Either the pipe is full, or what is spliced has been moved and there is nothing more.
      const moving = splice(left, pipe.writer, 1000);
      if (closed === "source") left.close();
      else pipe.writer.close();
      await assertRejects(() => moving, ClosedError, "closed");
      near.close();
      left.close();
    }
  }
});

claim("tee leaves in the source what it duplicates", async () => {
  using source = new OwnPipe();
  using copy = new OwnPipe();
  await writeAll(source.writer, "abcdef");
  assertEquals(await tee(source.reader, copy.writer, 3), 3);
  assertEquals(await tee(source.reader, copy.writer, 100), 6);
  assertEquals(await tee(source.reader, copy.writer, 0), 0);
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(await readUpTo(copy.reader, 9)), "abcabcdef");
  assertEquals(decoder.decode(await readUpTo(source.reader, 6)), "abcdef");
});

claim("tee waits for both pipes, and ends with the source", async () => {
  using source = new OwnPipe();
  using copy = new OwnPipe();
  const waiting = tee(source.reader, copy.writer, 100);
  await writeAll(source.writer, "abc");
  assertEquals(await waiting, 3);
  await readUpTo(copy.reader, 3);
  await writeAll(copy.writer, contents(0, 65_536));
  const full = tee(source.reader, copy.writer, 100);
  assertContents(await readUpTo(copy.reader, 65_536), 0);
  assertEquals(await full, 3);
  const controller = new AbortController();
  await readUpTo(source.reader, 3);
  const aborted = tee(source.reader, copy.writer, 1, { signal: controller.signal });
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => aborted), REASON);
  const closed = tee(source.reader, copy.writer, 1);
  copy.writer.close();
  await assertRejects(() => closed, ClosedError);
  using other = new OwnPipe();
  source.writer.close();
  assertEquals(await tee(source.reader, other.writer, 1), 0);
});

claim("tee takes pipes only", async () => {
  using pipe = new OwnPipe();
  using other = new OwnPipe();
  await writeAll(pipe.writer, "x");
  await withPair("stream", async (left) => {
    await assertFails(tee(pipe.reader, left.fd, 1), "EINVAL", undefined, "both have to be pipes");
  });
  await assertFails(tee(pipe.reader, pipe.writer, 1), "EINVAL", undefined, "and not the same one");
  await assertFails(tee(pipe.writer, other.writer, 1), "EBADF", undefined, "the end that is read of a pipe");
  other.reader.close();
  await assertFails(tee(pipe.reader, other.writer, 1), "EPIPE", "to", "nobody reads the pipe");
});
