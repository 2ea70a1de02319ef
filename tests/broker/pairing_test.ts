import { assert, assertEquals } from "@std/assert";
import type { PairMode } from "ipcx";
import { claim } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { assertPairedWith, RawClient, requestBytes } from "./raw_client.ts";

/** Lets clients ask one after the other, each when the one before it waits. */
async function queue(server: EmbeddedBroker, modes: readonly PairMode[], key = "k"): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (const mode of modes) {
    clients.push(await RawClient.ask(server.address, key, mode));
    await server.waits(clients.length);
  }
  return clients;
}

function hangUp(clients: readonly RawClient[]): void {
  for (const client of clients) client[Symbol.dispose]();
}

claim("of those without a mode, the first two are paired, then the next two", async () => {
  using server = new EmbeddedBroker();
  const clients: RawClient[] = [];
  for (let at = 0; at < 6; at++) {
    clients.push(await RawClient.ask(server.address, "k"));
    if (at % 2 === 0) await server.waits(1);
    else await assertPairedWith(clients[at - 1], clients[at]);
  }
  hangUp(clients);
  assertEquals(server.broker.status.paired, 3);
});

for (const [waiting, coming] of [["server", "client"], ["client", "server"]] as const) {
  claim(`${waiting}s that wait are served in the order of their arrival`, async () => {
    using server = new EmbeddedBroker();
    const queued = await queue(server, [waiting, waiting, waiting]);
    for (const first of queued) {
      using counterpart = await RawClient.ask(server.address, "k", coming);
      await assertPairedWith(first, counterpart);
    }
    hangUp(queued);
  });
}

claim("a mode is paired with its opposite alone", async () => {
  using server = new EmbeddedBroker();
  const [client] = await queue(server, ["client"]);
  using other = await RawClient.ask(server.address, "k", "none");
  await server.waits(2);
  using another = await RawClient.ask(server.address, "k", "client");
  await server.waits(3);
  assert([client, other, another].every((one) => one.isSilent));
  using counterpart = await RawClient.ask(server.address, "k", "server");
  await assertPairedWith(client, counterpart);
  using like = await RawClient.ask(server.address, "k", "none");
  await assertPairedWith(other, like);
  assert(another.isSilent);
  hangUp([client]);
});

claim("keys are compared as bytes: length, zeros and case count", async () => {
  using server = new EmbeddedBroker();
  const keys = ["k", "K", "kk", "k\0", "\0k", "\0", "\0\0", "é", "e\u0301", "x".repeat(1023), "x".repeat(1024)]
    .map((key) => new TextEncoder().encode(key));
  keys.push(Uint8Array.of(0xff), Uint8Array.of(0xc3), Uint8Array.of(0xff, 0xff));
  const waiting: RawClient[] = [];
  for (const key of keys) waiting.push(await RawClient.ask(server.address, key, "server"));
  await server.waits(keys.length);
  for (const [at, key] of keys.entries()) {
    using counterpart = await RawClient.ask(server.address, key, "client");
    await assertPairedWith(waiting[at], counterpart);
  }
  hangUp(waiting);
});

claim("a reply is as long as its request", async () => {
  using server = new EmbeddedBroker();
  for (const [one, other] of [[1040, 1040], [1044, 1044], [1040, 1044], [1044, 1040]]) {
    using first = await RawClient.ask(server.address, "k", "none", one);
    using second = await RawClient.ask(server.address, "k", "none", other);
    const replies = [await first.reply(), await second.reply()];
    for (const { socket } of replies) socket.close();
    assertEquals(replies.map(({ length }) => length), [one, other]);
  }
});

claim("a client that has ended its own sending is served", async () => {
  using server = new EmbeddedBroker();
  using half = await RawClient.ask(server.address, "k");
  half.socket.shutdown("write");
  await server.waits(1);
  using other = await RawClient.ask(server.address, "k");
  other.socket.shutdown("write");
  await assertPairedWith(half, other);
});

claim("a half-closed client that leaves gives up its place", async () => {
  using server = new EmbeddedBroker();
  using half = await RawClient.ask(server.address, "k");
  half.socket.shutdown("write");
  await server.waits(1);
  half[Symbol.dispose]();
  await server.waits(0);
  assertEquals(server.broker.status.gone, 1);
});

claim("if the one that waited is gone before it is sent its end, the newcomer waits in its stead", async () => {
  using server = new EmbeddedBroker();
  const [gone, next] = await queue(server, ["server", "server"]);
  using newcomer = await RawClient.connect(server.address);
  await server.holds(3);
  // Without a turn for the broker in between: it sees the request before it sees that its peer has gone.
  newcomer.socket.trySend(requestBytes("k", "client"));
  gone.socket.close();
  await assertPairedWith(next, newcomer);
  assertEquals([server.broker.status.paired, server.broker.status.gone], [1, 1]);
  hangUp([next]);
});

claim("if the newcomer is gone before it is sent its end, the one that waited keeps its place", async () => {
  using server = new EmbeddedBroker();
  const [first, second] = await queue(server, ["server", "server"]);
  const newcomer = await RawClient.connect(server.address);
  await server.holds(3);
  newcomer.socket.trySend(requestBytes("k", "client"));
  newcomer.socket.close();
  await server.holds(2);
  assertEquals([server.broker.status.paired, server.broker.status.gone], [0, 1]);
  using next = await RawClient.ask(server.address, "k", "client");
  await assertPairedWith(first, next);
  assert(second.isSilent);
  hangUp([first, second]);
});

claim("a newcomer that will not read is gone: the one that waited keeps its place, and gets the next", async () => {
  using server = new EmbeddedBroker();
  const [first, second] = await queue(server, ["server", "server"]);
  using deaf = await RawClient.connect(server.address);
  await server.holds(3);
  deaf.socket.shutdown("read");
  await deaf.send(requestBytes("k", "client"));
  await server.holds(2);
  assertEquals([server.broker.status.paired, server.broker.status.gone], [0, 1]);
  assert(first.isSilent && second.isSilent);
  using next = await RawClient.ask(server.address, "k", "client");
  await assertPairedWith(first, next);
  hangUp([first, second]);
});

claim("if all who waited are gone, the newcomer is the first of a new queue", async () => {
  using server = new EmbeddedBroker();
  const gone = await queue(server, ["server", "server", "server"]);
  using newcomer = await RawClient.connect(server.address);
  await server.holds(4);
  newcomer.socket.trySend(requestBytes("k", "client"));
  hangUp(gone);
  await server.holds(1);
  await server.waits(1);
  using next = await RawClient.ask(server.address, "k", "server");
  await assertPairedWith(newcomer, next);
});

claim("both ends block, as clients of the protocol expect", async () => {
  using server = new EmbeddedBroker();
  using one = await RawClient.ask(server.address, "k");
  using other = await RawClient.ask(server.address, "k");
  using first = (await one.reply()).socket;
  using second = (await other.reply()).socket;
  for (const { fd } of [first, second]) {
    const flags = /^flags:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd.number}`))![1];
    assertEquals(parseInt(flags, 8) & 0o4000, 0);
  }
});
