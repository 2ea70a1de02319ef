import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { native } from "../../src/core/native.ts";
import { sendFile } from "../../src/core/send_file.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { splice } from "../../src/core/splice.ts";
import { cork, setNoDelay } from "../../src/core/tcp_segments.ts";
import { writeAll } from "../../src/core/write_all.ts";
import { claim } from "../claim.ts";
import { OwnPipe, withPair } from "./pairs.ts";
import { tcpPair } from "./tcp_pair.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
const encoder = new TextEncoder();

/** A page as a server sends it. */
function page(): SharedMemory {
  const memory = SharedMemory.create(5);
  memory.bytes.set(encoder.encode("hello"));
  return memory;
}

/** Who is kept from running for 200 ms between two calls has sent what was held back. */
const ATTEMPTS = 5;

/** Sends an answer on a connection of its own, and counts in how many segments it leaves. */
async function assertSegments(expected: number, answer: (connection: Fd) => Promise<unknown>): Promise<void> {
  const counts: number[] = [];
  while (counts.at(-1) !== expected && counts.length < ATTEMPTS) {
    using pair = await tcpPair();
    await answer(pair.own);
    assertEquals(new TextDecoder().decode(await pair.read(HEAD.length + 5)), `${HEAD}hello`);
    counts.push(pair.segments);
  }
  assertEquals(counts.at(-1), expected, `${counts} segments`);
}

claim("head and body in two calls are two segments", async () => {
  await assertSegments(2, async (connection) => {
    await writeAll(connection, HEAD);
    await writeAll(connection, "hello");
  });
});

claim("head and body in one call are one segment", async () => {
  const parts = [encoder.encode(HEAD), encoder.encode("hello")];
  await assertSegments(1, (connection) => writeAll(connection, parts));
});

claim("a head that is said to be followed by more shares a segment with what follows", async () => {
  await assertSegments(1, async (connection) => {
    await writeAll(connection, HEAD, { more: true });
    await writeAll(connection, "hello");
  });
});

claim("a corked connection sends one segment when it is uncorked", async () => {
  await assertSegments(1, async (connection) => {
    using _cork = cork(connection);
    await writeAll(connection, HEAD.slice(0, 17));
    await writeAll(connection, HEAD.slice(17));
    await writeAll(connection, "hello");
  });
});

claim("a head and a file are two segments, or one if more was announced", async () => {
  using file = page();
  for (const more of [false, true]) {
    await assertSegments(more ? 1 : 2, async (connection) => {
      await writeAll(connection, HEAD, { more });
      await sendFile(connection, file);
    });
  }
});

claim("several files and what stands between them are one segment if each announces more", async () => {
  using file = page();
  for (const more of [false, true]) {
    await assertSegments(more ? 1 : 4, async (connection) => {
      await writeAll(connection, HEAD, { more });
      await sendFile(connection, file, { count: 2, more });
      await sendFile(connection, file, { offset: 2, count: 2, more });
      await writeAll(connection, "o");
    });
  }
});

claim("what is spliced shares a segment with what follows, too, if more is announced", async () => {
  using pipe = new OwnPipe();
  for (const more of [false, true]) {
    await assertSegments(more ? 1 : 2, async (connection) => {
      await writeAll(pipe.writer, HEAD);
      await splice(pipe.reader, connection, HEAD.length, { more });
      await writeAll(connection, "hello");
    });
  }
});

claim("what is held back is sent all the same when nothing follows", async () => {
  using file = page();
  for (
    const send of [
      (connection: Fd) => writeAll(connection, "hello", { more: true }),
      (connection: Fd) => sendFile(connection, file, { more: true }),
      (connection: Fd) => {
        cork(connection);
        return writeAll(connection, "hello");
      },
    ]
  ) {
    using pair = await tcpPair();
    await send(pair.own);
    assertEquals(new TextDecoder().decode(await pair.read(5)), "hello");
  }
});

claim("on a Unix socket nothing is held back, whatever is announced", async () => {
  using file = page();
  await withPair("stream", async (left, right) => {
    await left.send("a", { more: true });
    assertEquals(right.tryReceive()!.text, "a");
    await writeAll(left.fd, "b", { more: true });
    assertEquals(right.tryReceive()!.text, "b");
    await sendFile(left, file, { more: true });
    assertEquals(right.tryReceive()!.text, "hello");
  });
  await withPair("seqpacket", async (left, right) => {
    await left.send("a", { more: true });
    await sendFile(left, file, { more: true });
    await left.send("b");
    assertEquals(["a", "hello", "b"].map(() => right.tryReceive()!.text), ["a", "hello", "b"]);
  });
});

claim("a cork lets go once, also when the connection was closed before", async () => {
  using pair = await tcpPair();
  const held = cork(pair.own);
  held.uncork();
  await writeAll(pair.own, "a");
  held.uncork();
  held[Symbol.dispose]();
  assertEquals(pair.segments, 1);
  {
    using _cork = cork(pair.own);
    await writeAll(pair.own, "b");
    pair.own.close();
  }
  assertEquals(new TextDecoder().decode(await pair.read(3)), "ab");
  assertThrows(() => cork(pair.own), ClosedError);
});

claim("Nagle's algorithm is turned off and on", async () => {
  using pair = await tcpPair();
  const option = new Int32Array(1);
  const isOff = (): boolean => {
    native.ipcx_get_option(pair.own.number, 6, 1, option, 4);
    return option[0] !== 0;
  };
  setNoDelay(pair.own, false);
  assertEquals(isOff(), false);
  setNoDelay(pair.own);
  assertEquals(isOff(), true);
});

claim("other sockets have no segments, and pipes neither", async () => {
  using pipe = new OwnPipe();
  await withPair("stream", (left) => {
    for (const use of [() => cork(left.fd), () => setNoDelay(left.fd)]) {
      const error = assertThrows(use, SystemError);
      assertEquals([error.code, error.syscall], ["EOPNOTSUPP", "setsockopt"]);
    }
  });
  assertEquals(assertThrows(() => cork(pipe.writer), SystemError).code, "ENOTSOCK");
  assertEquals((await assertRejects(() => writeAll(pipe.reader, "x"), SystemError)).code, "EBADF");
});
