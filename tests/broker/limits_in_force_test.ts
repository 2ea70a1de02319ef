import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { eventually } from "./eventually.ts";
import { assertPairedWith, RawClient, requestBytes } from "./raw_client.ts";

async function assertRefused(server: EmbeddedBroker, reason: string, client: RawClient, times = 1): Promise<void> {
  await client.refusal();
  assertEquals(server.broker.status.refused, { [reason]: times });
}

claim("at the limit of clients the newcomer is refused, and those who wait are still paired", async () => {
  using server = new EmbeddedBroker({ limits: { maxClients: 3, maxClientsPerUid: 3 } });
  using one = await RawClient.ask(server.address, "one", "server");
  using two = await RawClient.ask(server.address, "two", "server");
  using partial = await RawClient.connect(server.address);
  await partial.send(requestBytes("two", "client").subarray(0, 100));
  await server.holds(3);
  for (let times = 1; times <= 3; times++) {
    using newcomer = await RawClient.ask(server.address, "one", "client");
    await assertRefused(server, "clients", newcomer, times);
  }
  await partial.send(requestBytes("two", "client").subarray(100));
  await assertPairedWith(two, partial);
  using counterpart = await RawClient.ask(server.address, "one", "client");
  await assertPairedWith(one, counterpart);
});

claim("at the limit of one user its newcomer is refused, and its own clients go on", async () => {
  using server = new EmbeddedBroker({ limits: { maxClients: 10, maxClientsPerUid: 2 } });
  using one = await RawClient.ask(server.address, "k", "server");
  using other = await RawClient.ask(server.address, "k", "server");
  await server.waits(2);
  using newcomer = await RawClient.ask(server.address, "k", "client");
  await assertRefused(server, "clients per uid", newcomer);
  other[Symbol.dispose]();
  await server.waits(1);
  using next = await RawClient.ask(server.address, "k", "client");
  await assertPairedWith(one, next);
});

claim("at the limit of a key the newcomer is refused, other keys and modes are not, and peers still come", async () => {
  using server = new EmbeddedBroker({ limits: { maxWaitingPerKey: 2 } });
  using first = await RawClient.ask(server.address, "k", "server");
  using second = await RawClient.ask(server.address, "k", "server");
  await server.waits(2);
  using third = await RawClient.ask(server.address, "k", "server");
  await assertRefused(server, "waiting per key", third);
  using _none = await RawClient.ask(server.address, "k", "none");
  using _elsewhere = await RawClient.ask(server.address, "other", "server");
  await server.waits(4);
  for (const waiting of [first, second]) {
    using client = await RawClient.ask(server.address, "k", "client");
    await assertPairedWith(waiting, client);
  }
});

claim("a limit of one for a key still lets pairs come together", async () => {
  using server = new EmbeddedBroker({ limits: { maxWaitingPerKey: 1 } });
  for (let round = 0; round < 3; round++) {
    using one = await RawClient.ask(server.address, "k");
    using other = await RawClient.ask(server.address, "k");
    await assertPairedWith(one, other);
  }
});

claim("a client that does not send its whole request in time is refused, and none before its time", async () => {
  using server = new EmbeddedBroker({ limits: { requestTimeout: 500 } });
  using waiting = await RawClient.ask(server.address, "k");
  const started = performance.now();
  using silent = await RawClient.connect(server.address);
  using partial = await RawClient.connect(server.address);
  await partial.send(requestBytes("k").subarray(0, 1039));
  await silent.refusal();
  await partial.refusal();
  assert(performance.now() - started >= 500);
  assertEquals(server.broker.status.refused, { "request timeout": 2 });
  using other = await RawClient.ask(server.address, "k");
  await assertPairedWith(waiting, other);
});

claim("a client for which no peer comes in time is refused, and none before its time", async () => {
  using server = new EmbeddedBroker({ limits: { pairTimeout: 500 } });
  const started = performance.now();
  using lonely = await RawClient.ask(server.address, "lonely");
  await assertRefused(server, "pair timeout", lonely);
  assert(performance.now() - started >= 500);
  using one = await RawClient.ask(server.address, "k");
  using other = await RawClient.ask(server.address, "k");
  await assertPairedWith(one, other);
});

claim("the time to wait for a peer begins with the request, not with the connection", async () => {
  using server = new EmbeddedBroker({ limits: { pairTimeout: 300 } });
  // Its deadline starts the timer at which that of the other must not fall due.
  using early = await RawClient.ask(server.address, "early");
  using slow = await RawClient.connect(server.address);
  await slow.send(requestBytes("slow").subarray(0, 10));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const asked = performance.now();
  await slow.send(requestBytes("slow").subarray(10));
  await early.refusal();
  await slow.refusal();
  const waited = performance.now() - asked;
  assert(waited >= 299, `refused after ${waited} ms`);
});

claim("one who comes too often is refused until time has passed", async () => {
  using server = new EmbeddedBroker({ limits: { connectionsPerSecond: 10 } });
  const clients: RawClient[] = [];
  // Ten may come at once, and one more for each tenth of a second that this takes.
  while (server.broker.status.refused.rate === undefined) {
    clients.push(await RawClient.ask(server.address, `k${clients.length}`, "server"));
    await eventually("it is let in or not", () => server.broker.status.accepted === clients.length);
    assert(clients.length < 1000, "nobody is refused");
  }
  assert(clients.length > 10, `of ${clients.length} one is refused`);
  const hasty = clients.at(-1)!;
  await assertRefused(server, "rate", hasty);
  // A tenth of a second is worth one more connection.
  await new Promise((resolve) => setTimeout(resolve, 150));
  using patient = await RawClient.ask(server.address, "k1", "client");
  await assertPairedWith(clients[1], patient);
  for (const client of clients) client[Symbol.dispose]();
});

claim("while it is drained, those who would have to wait are refused, and those who wait are paired", async () => {
  using server = new EmbeddedBroker();
  using waiting = await RawClient.ask(server.address, "k", "server");
  await server.waits(1);
  let drained = false;
  const draining = server.broker.drain().then(() => drained = true);
  using newcomer = await RawClient.ask(server.address, "k", "server");
  await assertRefused(server, "draining", newcomer);
  assertEquals([server.broker.status.draining, drained], [true, false]);
  using counterpart = await RawClient.ask(server.address, "k", "client");
  await assertPairedWith(waiting, counterpart);
  await draining;
});
