import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { UnixAddress } from "../../src/core/address.ts";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { countOpen } from "./open_descriptors.ts";
import { result } from "./programs/run.ts";

async function isServed(listener: UnixListener): Promise<void> {
  const { type } = listener;
  using client = await UnixSocket.connect(listener.listensAt, { type });
  using server = await listener.accept();
  await server.send("served");
  assertEquals((await client.receive())!.text, "served");
}

claim("a listener serves at a path, an abstract name, the empty one, and one that the kernel chooses", async () => {
  using directory = new OwnDirectory();
  for (const type of ["stream", "seqpacket"] as const) {
    for (const address of [directory.file("one"), ownName(), `${ownName()}\\x00\\xff`, "unnamed"]) {
      using listener = UnixListener.listen(address === "unnamed" ? UnixAddress.unnamed : address, { type });
      assertEquals(listener.type, type);
      if (address === "unnamed") assertMatch(`${listener.listensAt}`, /^@[0-9a-f]{5}$/);
      else assertEquals([`${listener.listensAt}`, `${listener.address}`], [address, address]);
      await isServed(listener);
    }
  }
});

claim("a stream listener is the default", () => {
  using listener = UnixListener.listen(ownName());
  assertEquals(listener.type, "stream");
});

claim("an abstract name is taken by one listener of its type at a time", async () => {
  const name = ownName();
  using listener = UnixListener.listen(name);
  const before = countOpen();
  const error = assertThrows(() => UnixListener.listen(name), SystemError);
  assertEquals([error.code, error.syscall, error.address], ["EADDRINUSE", "bind", name]);
  assertEquals(countOpen(), before);
  using _other = UnixListener.listen(name, { type: "seqpacket" });
  await isServed(listener);
  listener.close();
  using again = UnixListener.listen(name);
  await isServed(again);
});

claim("a live listener at a path is not disturbed by those who try to take its place", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("one");
  using listener = UnixListener.listen(path);
  using client = await UnixSocket.connect(path);
  using server = await listener.accept();
  const before = countOpen();
  for (const type of ["stream", "seqpacket", "stream"] as const) {
    const error = assertThrows(() => UnixListener.listen(path, { type }), SystemError);
    assertEquals([error.code, error.syscall, error.address], ["EADDRINUSE", "bind", path]);
    assert(error.message.includes("the name is taken: stop its owner or choose another"));
  }
  assertEquals(countOpen(), before);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["one"]);
  // They have asked without connecting.
  assertEquals(listener.tryAccept(), undefined);
  await client.send("still here");
  assertEquals((await server.receive())!.text, "still here");
  await isServed(listener);
});

claim("a listener that the process was started with is taken over, and its file stays", async () => {
  using directory = new OwnDirectory();
  for (const address of [directory.file("one"), ownName()]) {
    const told = await result<object>("inherit_listener.ts", [address], {
      through: ["python3", `${import.meta.dirname}/programs/hand_over_listener.py`, address],
    });
    assertEquals(told, { type: "stream", listensAt: address, served: "yes", fileStays: address.startsWith("/") });
  }
});

claim("what does not listen is not taken for a listener, and is closed", () => {
  const [left, right] = UnixSocket.pair();
  const fd = left.release();
  const error = assertThrows(() => UnixListener.fromFd(fd), SystemError);
  assertEquals([error.code, error.syscall], ["EINVAL", "accept"]);
  assert(error.message.includes("(does not listen)"));
  assert(!fd.isOpen);
  const place = openPath("/");
  assertThrows(() => UnixListener.fromFd(place), SystemError);
  assert(!place.isOpen);
  assertThrows(() => UnixListener.listen("fd:1000000"), SystemError, "EBADF");
  right.close();
});

claim("connections are accepted in their order, by as many as wait", async () => {
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  const accepting = Array.from({ length: 5 }, () => listener.accept());
  const clients: UnixSocket[] = [];
  for (let at = 0; at < 5; at++) {
    const client = await UnixSocket.connect(listener.address, { type: "seqpacket" });
    await client.send(`${at}`);
    clients.push(client);
  }
  for (const [at, accept] of accepting.entries()) {
    using server = await accept;
    assertEquals(server.type, "seqpacket");
    assertEquals((await server.receive())!.text, `${at}`);
  }
  for (const client of clients) client.close();
});

claim("what waits already can be accepted without waiting", async () => {
  using listener = UnixListener.listen(ownName());
  assertEquals(listener.tryAccept(), undefined);
  using _client = await UnixSocket.connect(listener.address);
  using server = listener.tryAccept();
  assert(server);
  assertEquals(listener.tryAccept(), undefined);
});

claim("a client that has gone again is accepted, and has ended", async () => {
  using listener = UnixListener.listen(ownName());
  const client = await UnixSocket.connect(listener.address);
  await client.send("last words");
  client.close();
  using server = await listener.accept();
  assertEquals((await server.receive())!.text, "last words");
  assertEquals(await server.receive(), null);
});

claim("iteration accepts until the listener is closed", async () => {
  const listener = UnixListener.listen(ownName());
  const clients = [await UnixSocket.connect(listener.address), await UnixSocket.connect(listener.address)];
  let accepted = 0;
  for await (const socket of listener) {
    socket.close();
    if (++accepted === 2) queueMicrotask(() => listener.close());
  }
  assertEquals(accepted, 2);
  for (const client of clients) client.close();
});

claim("close ends every pending accept with a ClosedError", async () => {
  const listener = UnixListener.listen(ownName());
  const pending = [listener.accept(), listener.accept()];
  listener.close();
  for (const accept of pending) await assertRejects(() => accept, ClosedError, "the socket was closed");
  await assertRejects(() => listener.accept(), ClosedError);
  assertThrows(() => listener.tryAccept(), ClosedError);
});

claim("a backlog counts those who may wait", async () => {
  using listener = UnixListener.listen(ownName(), { backlog: 3 });
  const clients: UnixSocket[] = [];
  // The kernel lets one more wait than it was told.
  for (let at = 0; at < 4; at++) clients.push(await UnixSocket.connect(listener.address, { timeout: 0 }));
  await assertRejects(() => UnixSocket.connect(listener.address, { timeout: 0 }), SystemError, "ETIMEDOUT");
  for (const client of clients) client.close();
});

claim("at the limit of descriptors a connection waits on, and is accepted when there is room", async () => {
  const through = ["prlimit", "--nofile=64:64"];
  const told = await result<object>("accept_at_limit.ts", [ownName()], { through });
  assertEquals(told, { code: "EMFILE", syscall: "accept", advised: true, acceptedAfterwards: true });
});
