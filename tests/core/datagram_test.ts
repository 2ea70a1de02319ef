import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { UnixAddress } from "../../src/core/address.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";

const COUNT = 500;

async function receiveNumbers(receiver: UnixSocket): Promise<void> {
  for (let at = 0; at < COUNT; at++) assertEquals((await receiver.receive())!.text, `${at}`);
  assertEquals(receiver.tryReceive(), undefined);
}

claim("datagrams to a full receiver wait, and none is dropped or overtaken", async () => {
  using receiver = UnixSocket.bound(ownName());
  for (const connected of [true, false]) {
    using sender = connected
      ? await UnixSocket.connect(receiver.address, { type: "dgram" })
      : UnixSocket.bound(UnixAddress.unnamed);
    const to = connected ? undefined : receiver.address;
    let sent = 0;
    const sending = Array.from({ length: COUNT }, async (_, at) => {
      await sender.send(`${at}`, { to });
      sent++;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert(sent < COUNT);
    await receiveNumbers(receiver);
    await Promise.all(sending);
  }
});

claim("a full receiver shows as no room at once", async () => {
  using receiver = UnixSocket.bound(ownName());
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  const datagram = new Uint8Array(1);
  let queued = 0;
  while (sender.trySend(datagram, { to: receiver.address }) !== undefined) queued++;
  assert(queued >= 10);
  assertEquals(sender.trySend(datagram, { to: receiver.address }), undefined);
  while (queued-- > 0) await receiver.receive();
  assertEquals(sender.trySend(datagram, { to: receiver.address }), 1);
});

claim("closing or a signal ends a datagram's wait for its receiver", async () => {
  using receiver = UnixSocket.bound(ownName());
  const sender = UnixSocket.bound(UnixAddress.unnamed);
  while (sender.trySend(new Uint8Array(1), { to: receiver.address }) !== undefined);
  const reason = new Error("enough");
  const controller = new AbortController();
  const aborted = sender.send("x", { to: receiver.address, signal: controller.signal });
  controller.abort(reason);
  assertEquals(await assertRejects(() => aborted), reason);
  const pending = sender.send("x", { to: receiver.address });
  sender.close();
  await assertRejects(() => pending, ClosedError, "the socket was closed");
});

claim("a receiver that goes while a datagram waits for it is told as refused", async () => {
  const receiver = UnixSocket.bound(ownName());
  const to = `${receiver.address}`;
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  while (sender.trySend(new Uint8Array(1), { to }) !== undefined);
  const pending = sender.send("x", { to });
  receiver.close();
  const error = await assertRejects(() => pending, SystemError);
  assertEquals([error.code, error.syscall, error.address], ["ECONNREFUSED", "sendmsg", to]);
});

claim("a datagram tells where it came from, so that it can be answered", async () => {
  using directory = new OwnDirectory();
  for (const own of [ownName(), directory.file("client"), directory.file("l".repeat(60)), "unnamed"]) {
    using server = UnixSocket.bound(ownName());
    using client = UnixSocket.bound(own === "unnamed" ? UnixAddress.unnamed : own);
    await client.send("question", { to: server.address });
    const question = (await server.receive())!;
    assertEquals(`${question.from}`, `${client.address}`);
    await server.send("answer", { to: question.from });
    const answer = (await client.receive())!;
    assertEquals([answer.text, `${answer.from}`], ["answer", `${server.address}`]);
  }
});

claim("a datagram of a socket without a name comes from nowhere", async () => {
  using server = UnixSocket.bound(ownName());
  using client = await UnixSocket.connect(server.address, { type: "dgram" });
  await client.send("anonymous");
  assertEquals((await server.receive())!.from, undefined);
});

claim("the kernel chooses a name of five hex digits for an unnamed socket", () => {
  using one = UnixSocket.bound(UnixAddress.unnamed);
  using other = UnixSocket.bound(UnixAddress.unnamed);
  assertMatch(`${one.address}`, /^@[0-9a-f]{5}$/);
  assert(!one.address.equals(other.address));
});

claim("a datagram socket's file is removed with it, and its name can be taken only once", () => {
  using directory = new OwnDirectory();
  for (const name of [directory.file("one"), ownName()]) {
    const socket = UnixSocket.bound(name);
    assertEquals(`${socket.address}`, name);
    assertEquals(assertThrows(() => UnixSocket.bound(name), SystemError).code, "EADDRINUSE");
    socket.close();
    UnixSocket.bound(name).close();
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path)).length, 0);
});

claim("a datagram socket's file has the mode and owner that were asked for", () => {
  using directory = new OwnDirectory();
  using _plain = UnixSocket.bound(directory.file("plain"));
  using _open = UnixSocket.bound(directory.file("open"), { mode: 0o666, uid: Deno.uid()!, gid: Deno.gid()! });
  assertEquals(Deno.lstatSync(directory.file("plain")).mode! & 0o7777, 0o600);
  assertEquals(Deno.lstatSync(directory.file("open")).mode! & 0o7777, 0o666);
});

claim("a datagram needs a receiver that exists, and one that is asked for", async () => {
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  assertEquals((await assertRejects(() => sender.send("x"), SystemError)).code, "ENOTCONN");
  const nobody = ownName();
  const error = await assertRejects(() => sender.send("x", { to: nobody }), SystemError);
  assertEquals([error.code, error.address], ["ECONNREFUSED", nobody]);
  await assertRejects(() => sender.send("x", { to: "nonsense" }), Error, "'nonsense' is no address");
});

claim("descriptors and credentials go to a receiver by its name", async () => {
  using receiver = UnixSocket.bound(ownName());
  receiver.setOption("passCredentials", true);
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  await sender.send("x", { to: receiver.address, fds: [sender.fd] });
  using message = (await receiver.receive())!;
  assertEquals([message.fds.length, message.credentials?.pid], [1, Deno.pid]);
});
