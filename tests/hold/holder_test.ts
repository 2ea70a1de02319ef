import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FdHolder, HoldAccess, HolderClient, HoldError, UnixListener, UnixSocket } from "ipcx";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { targetOf } from "../core/open_descriptors.ts";
import { EmbeddedHolder, say, Watched } from "./embedded_holder.ts";

claim("a program that embeds a holder holds, retrieves, lists and drops by itself", async () => {
  using holder = new FdHolder();
  const one = new Watched();
  const { fd } = one.given;
  holder.hold("it", fd.duplicate());
  using copy = holder.retrieve("it")!;
  assertEquals(targetOf(copy.number), targetOf(fd.number));
  assertEquals([holder.retrieve("other"), holder.drop("other")], [undefined, false]);
  assertEquals(holder.held.map(({ name, kind, uid }) => [name, kind, uid]), [["it", "socket", Deno.uid()]]);
  copy.close();
  assertEquals(holder.drop("it"), true);
  await one.isClosed();
  one[Symbol.dispose]();
});

claim("what it does not hold stays the caller's", () => {
  using holder = new FdHolder({ limits: { maxHeld: 1 } });
  using first = new Watched(), second = new Watched();
  holder.hold("it", first.given.fd.duplicate());
  const { fd } = second.given;
  assertEquals(assertThrows(() => holder.hold("it", fd), HoldError).reason, "taken");
  assertEquals(assertThrows(() => holder.hold("other", fd), HoldError).reason, "full");
  assertThrows(() => holder.hold("a:b", fd), RangeError, "is no name");
  assertThrows(() => holder.hold("other", fd, { expire: 0.5 }), RangeError, "expire is a whole number");
  assert(fd.isOpen);
  holder.hold("it", fd.duplicate(), { replace: true });
  assertEquals(holder.held.length, 1);
});

claim("a socket of another type, a limit or a time out of its range is refused", () => {
  using holder = new FdHolder();
  using listener = UnixListener.listen(ownName());
  assertThrows(() => holder.listen(listener), TypeError, "its socket is of type seqpacket, not stream");
  assertThrows(() => new FdHolder({ limits: { maxHeld: 0 } }), RangeError, "maxHeld");
  assertThrows(() => new FdHolder({ expire: -1 }), RangeError, "expire");
});

claim("one holder is asked at several sockets, and closing it closes all, their files, and what it holds", async () => {
  using directory = new OwnDirectory();
  const addresses = [directory.file("s"), ownName()];
  const watched = new Watched();
  const holder = new FdHolder();
  for (const address of addresses) holder.listen(UnixListener.listen(address, { type: "seqpacket" }));
  await new HolderClient(addresses[0]).store({ it: watched.given.fd });
  assertEquals((await new HolderClient(addresses[1]).list()).map(({ name }) => name), ["it"]);
  assertEquals(holder.status.sockets, addresses);
  using idle = await UnixSocket.connect(addresses[0], { type: "seqpacket" });
  await say(idle, '{"op":"status"}');
  holder.close();
  holder.close();
  assertEquals(await idle.receive(), null);
  await watched.isClosed();
  watched[Symbol.dispose]();
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  await assertRejects(() => new HolderClient(addresses[0]).list(), Error, "there is no such socket");
});

claim("new rules hold for the next request, on connections that are there as well", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  await holder.client.store({ it: watched.given.fd });
  using socket = await holder.connect();
  const ask = async (): Promise<unknown> => {
    await socket.send(JSON.stringify({ op: "retrieve", names: ["it"] }));
    using message = await socket.receive();
    return JSON.parse(message!.text);
  };
  assertEquals(await ask(), { ok: true });
  holder.holder.access = HoldAccess.parse(["deny op=retrieve"]);
  const message = `uid ${Deno.uid()} may not retrieve 'it'`;
  assertEquals(await ask(), { ok: false, error: "denied", message });
  holder.holder.access = HoldAccess.none;
  assertEquals(await ask(), { ok: true });
});

claim("leave to take is leave to retrieve and to drop", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  await holder.client.store({ it: watched.given.fd });
  for (const op of ["retrieve", "drop"]) {
    holder.holder.access = HoldAccess.parse([`deny op=${op}`]);
    const { message } = await assertRejects(() => holder.client.take(["it"]), HoldError);
    assertEquals(message, `uid ${Deno.uid()} may not ${op} 'it'`);
  }
  holder.holder.access = HoldAccess.parse(["deny name=other"]);
  for (const fd of await holder.client.take(["it"])) fd.close();
  assertEquals(holder.names, []);
});

claim("a list has only what may be listed, and a status is told only to those who may ask", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  const { fd } = watched.given;
  await holder.client.store({ "web-1": fd, "web-2": fd, secret: fd });
  holder.holder.access = HoldAccess.parse(["deny op=list name=secret", "deny op=status"]);
  assertEquals((await holder.client.list()).map(({ name }) => name), ["web-1", "web-2"]);
  const { reason, message } = await assertRejects(() => holder.client.status(), HoldError);
  assertEquals([reason, message], ["denied", `uid ${Deno.uid()} may not ask for the status`]);
});
