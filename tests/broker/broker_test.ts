import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AccessRules, Broker, Fd, SystemError, UnixListener } from "ipcx";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

claim("clients of different sockets are paired: by path, by abstract name, and by a descriptor passed on", async () => {
  using directory = new OwnDirectory();
  using broker = new Broker();
  const addresses = [directory.file("broker.sock"), ownName(), ownName()];
  broker.listen(UnixListener.listen(addresses[0]));
  broker.listen(UnixListener.listen(addresses[1]));
  broker.listen(UnixListener.fromFd(new Fd(UnixListener.listen(addresses[2]).release().release())));
  assertEquals(broker.status.sockets, addresses);
  for (const [one, other] of [[0, 1], [1, 2], [2, 0], [2, 2]]) {
    using first = await RawClient.ask(addresses[one], "k");
    using second = await RawClient.ask(addresses[other], "k");
    await assertPairedWith(first, second);
  }
});

claim("a listener of packets is refused", () => {
  using broker = new Broker();
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  assertThrows(() => broker.listen(listener), TypeError, "a broker listens on stream sockets, not seqpacket");
});

claim("a broker that is closed lets everybody go, removes its files, and may be closed again", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("broker.sock");
  const broker = new Broker();
  broker.listen(UnixListener.listen(path));
  using waiting = await RawClient.ask(path, "k");
  using silent = await RawClient.connect(path);
  using _partner = await RawClient.connect(path);
  const drained = broker.drain();
  broker.close();
  broker.close();
  await drained;
  await waiting.refusal();
  await silent.refusal();
  await assertRejects(() => RawClient.connect(path), SystemError, "ENOENT");
  assertEquals(broker.status.clients, 0);
});

claim("a client is sent away by its number, whatever it is doing", async () => {
  using server = new EmbeddedBroker();
  using reading = await RawClient.connect(server.address);
  await server.holds(1);
  using waiting = await RawClient.ask(server.address, "k");
  await server.waits(1);
  const [first, second] = server.broker.clients;
  assertEquals([first.id, first.state, second.id, second.state], [1, "reading", 2, "waiting"]);
  for (const [id, client] of [[1, reading], [2, waiting]] as const) {
    assert(server.broker.disconnect(id));
    await client.refusal();
    assert(!server.broker.disconnect(id));
  }
  assert(!server.broker.disconnect(99));
  assertEquals(server.broker.clients, []);
});

claim("a client is told with its key as people can read it", async () => {
  using server = new EmbeddedBroker();
  using _waiting = await RawClient.ask(server.address, Uint8Array.of(0x61, 0x5c, 0x0a, 0xff, 0x7f), "client");
  await server.waits(1);
  const [{ seconds, ...client }] = server.broker.clients;
  assert(seconds >= 0 && seconds < 10);
  assertEquals(client, {
    id: 1,
    pid: Deno.pid,
    uid: Deno.uid()!,
    gid: Deno.gid()!,
    state: "waiting",
    mode: "client",
    key: String.raw`a\\\x0a\xff\x7f`,
    socket: server.address,
  });
});

claim("rules of access hold at the connection, or at the request if they name a key", async () => {
  const uid = Deno.uid();
  using server = new EmbeddedBroker({ access: AccessRules.parse([`allow uid=${uid} key=open-*`]) });
  using silent = await RawClient.connect(server.address);
  using closed = await RawClient.ask(server.address, "closed");
  await closed.refusal();
  using one = await RawClient.ask(server.address, "open-1");
  using other = await RawClient.ask(server.address, "open-1");
  await assertPairedWith(one, other);
  assertEquals(server.broker.status.refused, { access: 1 });
  server.broker.access = AccessRules.parse([`deny uid=${uid}`]);
  using newcomer = await RawClient.connect(server.address);
  await newcomer.refusal();
  assert(silent.isSilent);
  assertEquals(server.broker.status.refused, { access: 2 });
});

claim("rules of access tell one socket from another", async () => {
  using server = new EmbeddedBroker({ access: AccessRules.none });
  const shut = ownName();
  server.broker.listen(UnixListener.listen(shut));
  server.broker.access = AccessRules.parse([`deny socket=${shut}`]);
  using outside = await RawClient.ask(shut, "k");
  await outside.refusal();
  using one = await RawClient.ask(server.address, "k");
  using other = await RawClient.ask(server.address, "k");
  await assertPairedWith(one, other);
});

claim("rules of access know the peer's groups", async () => {
  using server = new EmbeddedBroker({ access: AccessRules.parse([`allow gid=${Deno.gid()}`]) });
  using one = await RawClient.ask(server.address, "k");
  using other = await RawClient.ask(server.address, "k");
  await assertPairedWith(one, other);
  server.broker.access = AccessRules.parse(["allow gid=4294967294"]);
  using stranger = await RawClient.connect(server.address);
  await stranger.refusal();
});

claim("a limit out of its range is named", () => {
  const wrong: [Record<string, number>, string][] = [
    [{ maxClients: 0 }, "maxClients is a whole number of 1 or more, not 0"],
    [{ maxClientsPerUid: -1 }, "maxClientsPerUid is a whole number of 1 or more, not -1"],
    [{ maxWaitingPerKey: 1.5 }, "maxWaitingPerKey is a whole number of 1 or more, not 1.5"],
    [{ requestTimeout: -1 }, "requestTimeout is a whole number of 0 or more, not -1"],
    [{ pairTimeout: Infinity }, "pairTimeout is a whole number of 0 or more, not Infinity"],
    [{ pairTimeout: 2 ** 31 }, "pairTimeout is at most 2147483647 ms, not 2147483648"],
    [{ connectionsPerSecond: NaN }, "connectionsPerSecond is a whole number of 0 or more, not NaN"],
  ];
  for (const [limits, message] of wrong) {
    const error = assertThrows(() => new Broker({ limits }), RangeError);
    assertEquals((error as Error).message, message);
  }
});
