import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { OPEN } from "../../src/core/linux.ts";
import { native } from "../../src/core/native.ts";
import { openPipe } from "../../src/core/pipe.ts";
import { openPath } from "../../src/core/reach.ts";
import { sendFile } from "../../src/core/send_file.ts";
import { SharedMemory } from "../../src/core/shared_memory.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { assertContents, contents, fileOf, readUpTo, receiveContents } from "./contents.ts";
import { withPair } from "./pairs.ts";
import { tcpPair } from "./tcp_pair.ts";

const MIB = 2 ** 20;
const REASON = new Error("enough");

async function assertFails(sending: Promise<number>, code: string, advice: string): Promise<void> {
  const error = await assertRejects(() => sending, SystemError);
  assertEquals([error.code, error.syscall], [code, "sendfile"]);
  assert(error.message.includes(advice), error.message);
}

claim("a file is sent whole, by default", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 3 * MIB + 77);
  await withPair("stream", async (left, right) => {
    const sending = sendFile(left, file);
    await receiveContents(right, 0, 3 * MIB + 77);
    assertEquals(await sending, 3 * MIB + 77);
    assertEquals(right.tryReceive(), undefined);
  });
});

claim("parts of a file are sent in any order, and its own position stays", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 10_000);
  native.ipcx_read(file.number, new Uint8Array(33), 33);
  await withPair("stream", async (left, right) => {
    for (const [offset, count] of [[9_000, 1_000], [0, 1], [4_095, 2], [0, 10_000], [8_192, 100]]) {
      assertEquals(await sendFile(left, file, { offset, count }), count);
      await receiveContents(right, offset, count);
    }
  });
  assertEquals(await readUpTo(file, 10), contents(33, 10));
});

claim("at the end of the file less is sent, beyond it nothing", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 1_000);
  await withPair("stream", async (left, right) => {
    assertEquals(await sendFile(left, file, { offset: 990, count: 100 }), 10);
    await receiveContents(right, 990, 10);
    assertEquals(await sendFile(left, file, { offset: 990 }), 10);
    await receiveContents(right, 990, 10);
    for (const offset of [1_000, 1_001, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
      assertEquals(await sendFile(left, file, { offset }), 0);
      assertEquals(await sendFile(left, file, { offset, count: 1 }), 0);
    }
    assertEquals(await sendFile(left, file, { count: 0 }), 0);
    assertEquals(right.tryReceive(), undefined);
  });
});

claim("offsets beyond 4 GiB mean what they say", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("sparse");
  const far = 5 * 2 ** 32 + 12_345;
  {
    using writer = Deno.openSync(path, { create: true, write: true });
    writer.seekSync(far, Deno.SeekMode.Start);
    writer.writeSync(contents(far, 100_000));
  }
  using file = openPath(path, OPEN.READ);
  await withPair("stream", async (left, right) => {
    assertEquals(await sendFile(left, file, { offset: far - 5, count: 7 }), 7);
    const { data } = (await right.receive())!;
    assertEquals(data.subarray(0, 5), new Uint8Array(5));
    assertContents(data.subarray(5), far);
    assertEquals(await sendFile(left, file, { offset: far + 50_000 }), 50_000);
    await receiveContents(right, far + 50_000, 50_000);
  });
});

claim("memory is sent as a file is, and stays what it is", async () => {
  using memory = SharedMemory.create(MIB);
  memory.bytes.set(contents(0, MIB));
  await withPair("stream", async (left, right) => {
    const sending = sendFile(left, memory, { offset: 1 });
    await receiveContents(right, 1, MIB - 1);
    assertEquals(await sending, MIB - 1);
  });
  assertContents(memory.bytes, 0);
});

claim("it goes to TCP connections, pipes and files, too", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, MIB);
  {
    using pair = await tcpPair();
    const sending = sendFile(pair.own, file, { offset: 3 });
    assertContents(await pair.read(MIB - 3), 3);
    assertEquals(await sending, MIB - 3);
  }
  {
    const { reader, writer } = openPipe();
    const sending = sendFile(writer, file, { offset: 3 });
    assertContents(await readUpTo(reader, MIB - 3), 3);
    assertEquals(await sending, MIB - 3);
    reader.close();
    writer.close();
  }
  {
    using copy = openPath(directory.file("copy"), OPEN.READ | OPEN.WRITE | OPEN.CREATE);
    assertEquals(await sendFile(copy, file, { offset: 5 }), MIB - 5);
    assertContents(Deno.readFileSync(directory.file("copy")), 5);
  }
});

claim("whoever changes the file before it is read changes what is received", async () => {
  using memory = SharedMemory.create(4096);
  memory.bytes.fill(1);
  await withPair("stream", async (left, right) => {
    assertEquals(await sendFile(left, memory), 4096);
    memory.bytes[7] = 2;
    assertEquals((await right.receive())!.data[7], 2);
  });
});

claim("a receiver that does not read makes the sender wait, and nobody else", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 4 * MIB);
  for (const [offset, count] of [[0, 4 * MIB], [100, 3 * MIB]]) {
    await withPair("stream", async (left, right) => {
      let isSent = false;
      const sending = sendFile(left, file, { offset, count }).then((sent) => (isSent = true, sent));
      for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setTimeout(resolve));
      assert(!isSent);
      for (let at = 0; at < count; at += 65_536) {
        await receiveContents(right, offset + at, Math.min(65_536, count - at));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assertEquals(await sending, count);
    });
  }
});

claim("what is sent at the same time does not mix, and keeps its order", async () => {
  using memory = SharedMemory.create(MIB);
  memory.bytes.set(contents(0, MIB));
  await withPair("stream", async (left, right) => {
    const sending = [
      left.send(contents(0, MIB)),
      sendFile(left, memory),
      left.send(contents(0, MIB)),
      sendFile(left, memory, { offset: 1000 }),
      left.send("the end"),
    ];
    for (let at = 0; at < 3; at++) await receiveContents(right, 0, MIB);
    await receiveContents(right, 1000, MIB - 1000);
    assertEquals((await right.receive())!.text, "the end");
    assertEquals(await Promise.all(sending), [MIB, MIB, MIB, MIB - 1000, 7]);
  });
});

claim("the socket and its descriptor are the same to send to", async () => {
  using memory = SharedMemory.create(MIB);
  memory.bytes.set(contents(0, MIB));
  await withPair("stream", async (left, right) => {
    const sending = [sendFile(left, memory), sendFile(left.fd, memory.fd), left.send("the end")];
    for (let at = 0; at < 2; at++) await receiveContents(right, 0, MIB);
    assertEquals((await right.receive())!.text, "the end");
    assertEquals(await Promise.all(sending), [MIB, MIB, 7]);
  });
});

claim("a long file that finds room all the time leaves others their turns", async () => {
  using memory = SharedMemory.create(64 * MIB);
  using sink = openPath("/dev/null", OPEN.WRITE);
  let turns = 0;
  let isSent = false;
  const sending = sendFile(sink, memory).finally(() => isSent = true);
  while (!isSent) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  assertEquals(await sending, 64 * MIB);
  assert(turns >= 15, `${turns} turns`);
});

claim("a peer that has gone is an error, and no signal", async () => {
  using memory = SharedMemory.create(MIB);
  const [left, right] = UnixSocket.pair();
  const sending = sendFile(left, memory);
  right.close();
  await assertFails(sending, "EPIPE", "the peer has closed the connection");
  await assertFails(sendFile(left, memory), "EPIPE", `to fd:${left.fd.number}`);
  left.close();
  const { reader, writer } = openPipe();
  reader.close();
  await assertFails(sendFile(writer, memory), "EPIPE", "the peer");
  writer.close();
});

claim("a signal ends the wait for room, or for the turn, and the socket goes on", async () => {
  using memory = SharedMemory.create(MIB);
  await withPair("stream", async (left, right) => {
    const aborted = AbortSignal.abort(REASON);
    assertStrictEquals(await assertRejects(() => sendFile(left, memory, { signal: aborted })), REASON);
    assertEquals(right.tryReceive(), undefined);
    const controller = new AbortController();
    const first = sendFile(left, memory, { signal: controller.signal });
    const second = sendFile(left, memory, { signal: controller.signal });
    const third = left.send("after it");
    controller.abort(REASON);
    assertStrictEquals(await assertRejects(() => first), REASON);
    assertStrictEquals(await assertRejects(() => second), REASON);
    let all = "";
    while (!all.endsWith("after it")) all += (await right.receive())!.text.replaceAll("\0", "");
    assertEquals([await third, all], [8, "after it"]);
  });
});

claim("closing the socket, or the file, ends the wait for room", async () => {
  for (const which of ["socket", "descriptor", "file", "given away"]) {
    const memory = SharedMemory.create(MIB);
    const [left, right] = UnixSocket.pair();
    const sending = sendFile(which === "descriptor" ? left.fd : left, memory);
    const next = sendFile(left, memory, { count: 1 });
    if (which === "file") memory.close();
    else if (which === "given away") left.release().close();
    else if (which === "descriptor") left.fd.close();
    else left.close();
    await assertRejects(() => sending, ClosedError, "closed");
    await assertRejects(() => next, ClosedError, "closed");
    await assertRejects(() => sendFile(left, memory), ClosedError);
    memory.close();
    left.close();
    right.close();
  }
});

claim("what cannot be sent is refused with what can", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 100);
  using folder = openPath(directory.path, OPEN.READ);
  using writeOnly = openPath(directory.file("w"), OPEN.WRITE | OPEN.CREATE);
  using appending = openPath(directory.file("a"), OPEN.WRITE | OPEN.CREATE | OPEN.APPEND);
  const { reader, writer } = openPipe();
  await withPair("stream", async (left, right) => {
    await assertFails(sendFile(left, folder), "EINVAL", "has to be a regular file or memory");
    await assertFails(sendFile(appending, file), "EINVAL", "not opened for appending");
    await assertFails(sendFile(left, right), "ESPIPE", "splice() and pump() take pipes and sockets");
    await assertFails(sendFile(left, reader), "ESPIPE", "splice() and pump() take pipes and sockets");
    await assertFails(sendFile(left, writeOnly), "EBADF", "open for reading");
    await assertFails(sendFile(reader, file), "EBADF", "the target for writing");
    assertEquals(right.tryReceive(), undefined);
  });
  reader.close();
  writer.close();
});

claim("offsets and counts out of their range are refused", async () => {
  using memory = SharedMemory.create(1);
  await withPair("stream", async (left) => {
    for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      const range = `is a whole number from 0 to 9007199254740991, not ${value}`;
      await assertRejects(() => sendFile(left, memory, { offset: value }), RangeError, `offset ${range}`);
      await assertRejects(() => sendFile(left, memory, { count: value }), RangeError, `count ${range}`);
    }
  });
});

claim("a descriptor that waits in its calls, as others make them, keeps nobody waiting", async () => {
  using memory = SharedMemory.create(MIB);
  memory.bytes.set(contents(0, MIB));
  const [left, right] = UnixSocket.pair();
  using fd = left.release().setBlocking();
  const sending = sendFile(fd, memory);
  await receiveContents(right, 0, MIB);
  assertEquals(await sending, MIB);
  right.close();
});

claim("a closed descriptor is neither sent nor sent to", async () => {
  using memory = SharedMemory.create(1);
  const closed = new Fd(native.ipcx_duplicate(memory.fd.number));
  closed.close();
  await withPair("stream", async (left) => {
    await assertRejects(() => sendFile(left, closed), ClosedError);
    await assertRejects(() => sendFile(closed, memory), ClosedError);
  });
});
