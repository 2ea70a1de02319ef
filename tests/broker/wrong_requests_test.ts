import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { assertPairedWith, RawClient, requestBytes } from "./raw_client.ts";

function changed(at: number, ...bytes: number[]): Uint8Array<ArrayBuffer> {
  const request = requestBytes("k");
  request.set(bytes, at);
  return request;
}

function glued(...parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const WRONG: readonly [what: string, field: string, bytes: Uint8Array<ArrayBuffer>][] = [
  ["version 0", "version", changed(4, 0)],
  ["version 2", "version", changed(4, 2)],
  ["the lowest unknown flag", "flags", changed(4, 0x11)],
  ["the highest unknown flag", "flags", changed(7, 0x80)],
  ["request 0", "request", changed(0, 0)],
  ["the request of a reply", "request", changed(0, 2)],
  ["a high request", "request", changed(3, 1)],
  ["a payload too short", "size", changed(8, 3, 4)],
  ["a payload too long", "size", changed(8, 5, 4)],
  ["the payload of a reply", "size", changed(8, 8, 0)],
  ["mode 3", "mode", changed(12, 3)],
  ["a high mode", "mode", changed(13, 1)],
  ["a key of no bytes", "key", changed(14, 0)],
  ["a key of 1025 bytes", "key", changed(14, 1, 4)],
  ["the longest key that can be written", "key", changed(14, 0xff, 0xff)],
  ["two requests at once", "length", glued(requestBytes("k"), requestBytes("k"))],
  ["a byte behind the padding", "length", requestBytes("k", "none", 1045)],
  ["nothing but zeros", "version", new Uint8Array(1040)],
];

/** Sends something wrong while others wait, and makes sure that only its sender is the worse for it. */
async function assertRefused(field: string, act: (client: RawClient) => Promise<void>): Promise<void> {
  using server = new EmbeddedBroker();
  using waiting = await RawClient.ask(server.address, "undisturbed");
  using partial = await RawClient.connect(server.address);
  await partial.send(requestBytes("undisturbed").subarray(0, 700));
  using wrong = await RawClient.connect(server.address);
  await act(wrong);
  await wrong.refusal();
  assertEquals(server.broker.status.protocolErrors, { [field]: 1 });
  await partial.send(requestBytes("undisturbed").subarray(700));
  await assertPairedWith(waiting, partial);
  assertEquals(server.broker.status.gone, 0);
  await server.holds(0);
}

for (const [what, field, bytes] of WRONG) {
  claim(`${what}: the connection is closed, ${field} is counted, others go on`, async () => {
    await assertRefused(field, (client) => client.send(bytes));
  });
}

for (const count of [1, 2, 253]) {
  claim(`${count} descriptors with a request: the connection is closed, and they are, too`, async () => {
    await assertRefused("descriptors", async (client) => {
      await client.send(requestBytes("k"), new Array(count).fill(client.socket.fd));
    });
  });
}

claim("a descriptor with the first, or with a later piece: the connection is closed", async () => {
  await assertRefused("descriptors", (client) => client.send(requestBytes("k").subarray(0, 1), [client.socket.fd]));
  await assertRefused("descriptors", async (client) => {
    await client.send(requestBytes("k").subarray(0, 1039));
    await client.send(requestBytes("k").subarray(1039), [client.socket.fd]);
  });
});

claim("a descriptor with the padding: the connection is closed", async () => {
  using server = new EmbeddedBroker();
  using wrong = await RawClient.ask(server.address, "k");
  await server.waits(1);
  await wrong.send(new Uint8Array(1), [wrong.socket.fd]);
  await wrong.refusal();
  assertEquals(server.broker.status.waiting, 0);
});

claim("a second request of a client that waits: it loses its place, and the next has it", async () => {
  using server = new EmbeddedBroker();
  using greedy = await RawClient.ask(server.address, "k", "server");
  using patient = await RawClient.ask(server.address, "k", "server");
  await server.waits(2);
  await greedy.send(requestBytes("k", "server"));
  await greedy.refusal();
  assertEquals(server.broker.status.protocolErrors, { length: 1 });
  using client = await RawClient.ask(server.address, "k", "client");
  await assertPairedWith(patient, client);
});

claim("padding is at most four bytes, in however many pieces it comes", async () => {
  using server = new EmbeddedBroker();
  using client = await RawClient.ask(server.address, "k");
  await server.waits(1);
  for (let at = 0; at < 4; at++) await client.send(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([server.broker.status.waiting, client.isSilent], [1, true]);
  await client.send(new Uint8Array(1));
  await client.refusal();
});

claim("a client that ends before its request does has gone, which is no breach of the protocol", async () => {
  using server = new EmbeddedBroker();
  for (const bytes of [0, 1, 1039]) {
    using client = await RawClient.connect(server.address);
    if (bytes > 0) await client.send(requestBytes("k").subarray(0, bytes));
    client.socket.shutdown("write");
    await client.refusal();
  }
  assertEquals(server.broker.status.protocolErrors, {});
  assertEquals(server.broker.status.gone, 3);
});

claim("what stands in the field behind the key does not matter", async () => {
  using server = new EmbeddedBroker();
  using one = await RawClient.connect(server.address);
  await one.send(changed(17, ...new Array(1023).fill(0xee)));
  using other = await RawClient.ask(server.address, "k");
  await assertPairedWith(one, other);
});
