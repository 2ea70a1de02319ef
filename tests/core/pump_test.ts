import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { OPEN } from "../../src/core/linux.ts";
import { pump } from "../../src/core/pump.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { SpliceError } from "../../src/core/splice_error.ts";
import { writeAll } from "../../src/core/write_all.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { assertContents, contents, fileOf, readUpTo, receiveContents } from "./contents.ts";
import { OwnPipe } from "./pairs.ts";
import { tcpPair } from "./tcp_pair.ts";

const MIB = 2 ** 20;
const REASON = new Error("enough");

/** Two connections side by side: what is pumped goes from `left` to `right`. */
class Connections implements Disposable {
  readonly client: UnixSocket;
  readonly left: UnixSocket;
  readonly right: UnixSocket;
  readonly server: UnixSocket;

  constructor() {
    [this.client, this.left] = UnixSocket.pair();
    [this.right, this.server] = UnixSocket.pair();
  }

  [Symbol.dispose](): void {
    for (const socket of [this.client, this.left, this.right, this.server]) socket.close();
  }
}

async function assertFails(pumping: Promise<number>, code: string, side: "from" | "to"): Promise<SpliceError> {
  const error = await assertRejects(() => pumping, SpliceError);
  assertEquals([error.code, error.side, error.syscall], [code, side, "splice"]);
  return error;
}

claim("all that comes is moved, and the end is passed on", async () => {
  using all = new Connections();
  const pumping = pump(all.left, all.right);
  const sending = all.client.send(contents(0, 8 * MIB)).then(() => all.client.shutdown("write"));
  await receiveContents(all.server, 0, 8 * MIB);
  assertEquals(await all.server.receive(), null);
  assertEquals(await pumping, 8 * MIB);
  await sending;
  // The other direction is as it was.
  await all.server.send("still");
  assertEquals((await all.right.receive())!.text, "still");
});

claim("an empty stream is moved, too", async () => {
  using all = new Connections();
  all.client.close();
  assertEquals(await pump(all.left, all.right), 0);
  assertEquals(await all.server.receive(), null);
});

claim("the end is kept back where something else is to follow", async () => {
  using all = new Connections();
  using directory = new OwnDirectory();
  using file = fileOf(directory, 1000);
  await all.client.send("first ");
  all.client.close();
  assertEquals(await pump(all.left, all.right, { preventClose: true }), 6);
  assertEquals(await pump(file, all.right.fd, { preventClose: true }), 1000);
  await all.right.send("last");
  all.right.shutdown("write");
  assertEquals((await all.server.receive({ maxBytes: 6 }))!.text, "first ");
  await receiveContents(all.server, 0, 1000);
  assertEquals((await all.server.receive())!.text, "last");
  assertEquals(await all.server.receive(), null);
});

claim("pipes, files and TCP connections are pumped from and to", async () => {
  using directory = new OwnDirectory();
  using file = fileOf(directory, 3 * MIB);
  using pipe = new OwnPipe();
  using pair = await tcpPair();
  using copy = openPath(directory.file("copy"), OPEN.WRITE | OPEN.CREATE);
  const toPipe = pump(file, pipe.writer).then((bytes) => (pipe.writer.close(), bytes));
  const toTcp = pump(pipe.reader, pair.own);
  assertContents(await pair.read(4 * MIB), 0);
  assertEquals([await toPipe, await toTcp], [3 * MIB, 3 * MIB]);
  const toFile = pump(pair.own, copy);
  for (let at = 0; at < 1000;) at += await pair.peer.write(contents(at, 1000 - at));
  pair.peer.closeWrite();
  assertEquals(await toFile, 1000);
  assertContents(Deno.readFileSync(directory.file("copy")), 0);
});

claim("a receiver that does not read makes the sender wait", async () => {
  using all = new Connections();
  const pumping = pump(all.left, all.right);
  let isSent = false;
  const sending = all.client.send(contents(0, 4 * MIB)).then(() => {
    isSent = true;
    all.client.shutdown("write");
  });
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve));
  assert(!isSent);
  for (let at = 0; at < 4 * MIB; at += 32_768) {
    await receiveContents(all.server, at, 32_768);
    if (at % MIB === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  await sending;
  assertEquals(await pumping, 4 * MIB);
});

claim("a stream without an end leaves others their turns", async () => {
  using zeros = openPath("/dev/zero", OPEN.READ);
  using sink = openPath("/dev/null", OPEN.WRITE);
  const controller = new AbortController();
  const pumping = pump(zeros, sink, { signal: controller.signal });
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve));
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => pumping), REASON);
});

claim("a target that takes no more is told of at once, and how much it had taken", async () => {
  using all = new Connections();
  const pumping = pump(all.left, all.right);
  await all.client.send("hello");
  assertEquals((await all.server.receive())!.text, "hello");
  all.server.close();
  const error = await assertFails(pumping, "EPIPE", "to");
  assertEquals(error.bytes, 5);
  assert(error.message.startsWith(`splice to fd:${all.right.fd.number}: `), error.message);
  await assertFails(pump(all.left, all.right), "EPIPE", "to");
  using pipe = new OwnPipe();
  const toPipe = pump(all.left, pipe.writer);
  pipe.reader.close();
  await assertFails(toPipe, "EPIPE", "to");
});

claim("a source that was reset is an error, after what it had sent before", async () => {
  using all = new Connections();
  await all.left.send("never read");
  await all.client.send("last words");
  const pumping = pump(all.left, all.right);
  assertEquals((await all.server.receive())!.text, "last words");
  all.client.close();
  const error = await assertFails(pumping, "ECONNRESET", "from");
  assertEquals(error.bytes, 10);
  assert(error.message.startsWith(`splice from fd:${all.left.fd.number}: `), error.message);
});

claim("a signal ends it, and both sides can be used further", async () => {
  using all = new Connections();
  const aborted = AbortSignal.abort(REASON);
  assertStrictEquals(await assertRejects(() => pump(all.left, all.right, { signal: aborted })), REASON);
  const controller = new AbortController();
  const pumping = pump(all.left, all.right, { signal: controller.signal });
  const queued = pump(all.left, all.right, { signal: controller.signal });
  const received = all.left.receive();
  const sent = all.right.send("b");
  controller.abort(REASON);
  assertStrictEquals(await assertRejects(() => pumping), REASON);
  assertStrictEquals(await assertRejects(() => queued), REASON);
  await all.client.send("a");
  assertEquals([(await received)!.text, await sent, (await all.server.receive())!.text], ["a", 1, "b"]);
});

claim("closing either side ends it", async () => {
  for (const which of ["left", "right"] as const) {
    using all = new Connections();
    const pumping = pump(all.left, all.right);
    all[which].close();
    await assertRejects(() => pumping, ClosedError, "closed");
  }
  using all = new Connections();
  const pumping = pump(all.left, all.right);
  all.left.release().close();
  await assertRejects(() => pumping, ClosedError, "closed");
  await assertRejects(() => pump(all.left, all.right), ClosedError);
});

claim("packets, listeners and files to append to are not pumped", async () => {
  using all = new Connections();
  using directory = new OwnDirectory();
  const [packets, others] = UnixSocket.pair("seqpacket");
  await assertRejects(() => pump(packets, all.right), TypeError, "packets and datagrams are not spliced");
  await assertRejects(() => pump(all.left, others), TypeError, "packets and datagrams are not spliced");
  packets.close();
  others.close();
  using appending = openPath(directory.file("log"), OPEN.WRITE | OPEN.CREATE | OPEN.APPEND);
  await all.client.send("x");
  const error = await assertRejects(() => pump(all.left, appending), SpliceError, "not opened for appending");
  assertEquals([error.code, error.side], ["EINVAL", undefined]);
  using folder = openPath(directory.path, OPEN.READ);
  const noFile = await assertRejects(() => pump(folder, all.right), SystemError);
  assertEquals(noFile.code, "EINVAL");
});

claim("the pipe in between is closed, however it ends", async () => {
  for (let round = 0; round < 50; round++) {
    using all = new Connections();
    await writeAll(all.client.fd, "x");
    all.client.close();
    assertEquals(await pump(all.left, all.right), 1);
    assertContents((await readUpTo(all.server.fd, 1)).map((byte) => byte - 120), 0);
  }
});
