import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { isNonblocking, openNumbers, targetOf } from "./open_descriptors.ts";

async function receiveAll(socket: UnixSocket): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const message of socket) chunks.push(message.data);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

claim("8 MiB go through a small buffer, and messages sent at the same time do not mix", async () => {
  const [left, right] = UnixSocket.pair();
  left.setOption("sendBuffer", 4096);
  const parts = Array.from({ length: 8 }, (_, at) => new Uint8Array(1024 * 1024).fill(at + 1));
  const sending = Promise.all(parts.map((part) => left.send(part))).then((sent) => {
    left.close();
    return sent;
  });
  const bytes = await receiveAll(right);
  assertEquals(await sending, parts.map((part) => part.length));
  assertEquals(bytes.length, 8 * 1024 * 1024);
  for (const [at, part] of parts.entries()) {
    assert(bytes.subarray(at * part.length, (at + 1) * part.length).every((byte) => byte === at + 1));
  }
  right.close();
});

claim("descriptors go with the first piece of a message that is sent in pieces, once", async () => {
  const [left, right] = UnixSocket.pair();
  left.setOption("sendBuffer", 4096);
  const sending = left.send(new Uint8Array(1024 * 1024), { fds: [left.fd] }).then(() => left.close());
  const counts: number[] = [];
  for await (const message of right) {
    using received = message;
    counts.push(received.fds.length);
  }
  await sending;
  assert(counts.length > 10);
  assertEquals([counts[0], ...new Set(counts.slice(1))], [1, 0]);
  right.close();
});

claim("messages are received in the order in which they were asked for", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const asked = Array.from({ length: 100 }, () => right.receive());
  for (let at = 0; at < 200; at++) await left.send(`${at}`);
  asked.push(...Array.from({ length: 100 }, () => right.receive()));
  const texts = (await Promise.all(asked)).map((message) => message!.text);
  assertEquals(texts, Array.from({ length: 200 }, (_, at) => `${at}`));
  left.close();
  right.close();
});

claim("packets sent at the same time arrive in their order, the waiting ones included", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  left.setOption("sendBuffer", 4096);
  const sending = Promise.all(Array.from({ length: 500 }, (_, at) => left.send(`${at}`)));
  for (let at = 0; at < 500; at++) assertEquals((await right.receive())!.text, `${at}`);
  await sending;
  left.close();
  right.close();
});

claim("a message that is not there yet is awaited, and room that is not there yet too", async () => {
  const [left, right] = UnixSocket.pair();
  const receiving = right.receive();
  assertEquals(right.tryReceive(), undefined);
  await left.send("late");
  assertEquals((await receiving)!.text, "late");

  while (left.trySend(new Uint8Array(65536)) !== undefined);
  let sent = false;
  const sending = left.send("room").then(() => sent = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert(!sent);
  while (!sent) await right.receive();
  await sending;
  left.close();
  right.close();
});

claim("both directions can be awaited at once", async () => {
  const [left, right] = UnixSocket.pair();
  while (left.trySend(new Uint8Array(65536)) !== undefined);
  const receiving = left.receive();
  const sending = left.send("!");
  await right.send("answer");
  assertEquals((await receiving)!.text, "answer");
  const draining = receiveAll(right);
  await sending;
  left.shutdown("write");
  assert((await draining).length > 65536);
  left.close();
  right.close();
});

claim("text is sent as UTF-8", async () => {
  const [left, right] = UnixSocket.pair();
  assertEquals(await left.send("grüße ☃"), 11);
  assertEquals((await right.receive())!.text, "grüße ☃");
  left.close();
  right.close();
});

claim("close ends a pending receive with a ClosedError, and everything after it", async () => {
  const [left, right] = UnixSocket.pair();
  const pending = [right.receive(), right.receive()];
  right.close();
  right.close();
  for (const receive of pending) await assertRejects(() => receive, ClosedError, "the socket was closed");
  for (
    const use of [
      () => right.receive(),
      () => right.send("x"),
      () => Promise.resolve().then(() => right.address),
      () => Promise.resolve().then(() => right.getOption("sendBuffer")),
      () => Promise.resolve().then(() => right.release()),
      () => Promise.resolve().then(() => right.shutdown("both")),
    ]
  ) await assertRejects(use, ClosedError, "the socket was closed");
  left.close();
});

claim("close ends a send that waits for room", async () => {
  const [left, right] = UnixSocket.pair();
  const pending = [left.send(new Uint8Array(4 * 1024 * 1024)), left.send("after it")];
  left.close();
  for (const send of pending) await assertRejects(() => send, ClosedError, "the socket was closed");
  right.close();
});

claim("iteration ends with the connection, and with close", async () => {
  for (const end of ["peer", "own"] as const) {
    const [left, right] = UnixSocket.pair("seqpacket");
    await left.send("1");
    await left.send("2");
    const texts: string[] = [];
    for await (const message of right) {
      texts.push(message.text);
      if (texts.length === 2) queueMicrotask(() => (end === "peer" ? left : right).close());
    }
    assertEquals(texts, ["1", "2"]);
    left.close();
    right.close();
  }
});

claim("a half-closed connection still answers", async () => {
  const [left, right] = UnixSocket.pair();
  await left.send("question");
  left.shutdown("write");
  assertEquals((await right.receive())!.text, "question");
  assertEquals(await right.receive(), null);
  await right.send("answer");
  assertEquals((await left.receive())!.text, "answer");
  await assertRejects(() => left.send("more"), SystemError, "EPIPE");
  left.shutdown("read");
  assertEquals(await left.receive(), null);
  left.close();
  right.close();
});

claim("a peer that is gone gives EPIPE, and no signal", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const [left, right] = UnixSocket.pair(type);
    right.close();
    const error = await assertRejects(() => left.send("x"), SystemError);
    assertEquals([error.code, error.syscall], ["EPIPE", "sendmsg"]);
    left.close();
  }
});

claim("a peer that goes while a message waits for room gives EPIPE", async () => {
  const [left, right] = UnixSocket.pair();
  const sending = left.send(new Uint8Array(4 * 1024 * 1024));
  right.close();
  assertEquals((await assertRejects(() => sending, SystemError)).code, "EPIPE");
  left.close();
});

claim("a peer that closes with data unread gives ECONNRESET once", async () => {
  const [left, right] = UnixSocket.pair();
  await left.send("unread");
  right.close();
  const error = await assertRejects(() => left.receive(), SystemError);
  assertEquals([error.code, error.syscall], ["ECONNRESET", "recvmsg"]);
  left.close();
});

claim("a released descriptor works on, and the socket does not", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const pending = left.receive();
  const fd = left.release();
  await assertRejects(() => pending, ClosedError);
  assertThrows(() => left.tryReceive(), ClosedError);
  left.close();
  assert(isNonblocking(fd.number));
  using again = UnixSocket.fromFd(fd);
  assertEquals(again.type, "seqpacket");
  await right.send("still here");
  assertEquals((await again.receive())!.text, "still here");
  right.close();
});

claim("only Unix sockets are taken over, and others closed", () => {
  const place = openPath("/");
  assertInstanceOf(assertThrows(() => UnixSocket.fromFd(place)), SystemError);
  assert(!place.isOpen);
});

claim("an internet socket is no Unix socket", () => {
  const before = openNumbers();
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const number = openNumbers().find((number) => !before.includes(number) && targetOf(number).startsWith("socket:"))!;
  const copy = new Fd(number).duplicate();
  const error = assertThrows(() => UnixSocket.fromFd(copy), SystemError);
  assertEquals([error.code, error.syscall], ["EAFNOSUPPORT", "getsockopt"]);
  assert(error.message.includes("(not a Unix socket)"));
  assert(!copy.isOpen);
  server.close();
});

claim("a socket knows its own name and its peer's", async () => {
  using listener = UnixListener.listen(ownName());
  using client = await UnixSocket.connect(listener.address);
  using server = await listener.accept();
  assertEquals([client.address.kind, `${client.peerAddress}`], ["unnamed", `${listener.listensAt}`]);
  assertEquals([`${server.address}`, server.peerAddress.kind], [`${listener.listensAt}`, "unnamed"]);
  assertEquals(assertThrows(() => listener.peerAddress, SystemError).code, "ENOTCONN");
});
