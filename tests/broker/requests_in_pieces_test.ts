import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { assertPairedWith, RawClient, requestBytes } from "./raw_client.ts";

/** Cuts at, before and behind each field's border, and inside each field. */
const CUTS = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 500, 1038, 1039];
const CUTS_AROUND_PADDING = [1040, 1041, 1042, 1043];

async function sendInPieces(client: RawClient, bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]): Promise<void> {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    await client.send(bytes.subarray(from, cut));
    from = cut;
    // The broker's turn: what was sent is read before the next piece is there.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function assertServed(server: EmbeddedBroker, size: number, cuts: readonly number[]): Promise<number> {
  const key = `cut at ${cuts}`.slice(0, 100);
  using cut = await RawClient.connect(server.address);
  await sendInPieces(cut, requestBytes(key, "server", size), cuts);
  using whole = await RawClient.ask(server.address, key, "client");
  const [one, other] = [await cut.reply(), await whole.reply()];
  one.socket.close();
  other.socket.close();
  return one.length;
}

claim("a request in two pieces is put together, wherever it is cut", async () => {
  using server = new EmbeddedBroker();
  for (const cut of CUTS) assertEquals(await assertServed(server, 1040, [cut]), 1040, `cut at ${cut}`);
  for (const cut of [...CUTS, ...CUTS_AROUND_PADDING]) {
    assertEquals(await assertServed(server, 1044, [cut]), 1044, `cut at ${cut}`);
  }
  assertEquals(server.broker.status.protocolErrors, {});
});

claim("a request in very many pieces is put together", async () => {
  // Each piece takes a turn of the timers: on a slow machine that is longer than a client usually has.
  using server = new EmbeddedBroker({ limits: { requestTimeout: 0 } });
  await assertServed(server, 1040, Array.from({ length: 1039 }, (_, at) => at + 1));
  await assertServed(server, 1044, CUTS.concat(CUTS_AROUND_PADDING));
});

claim("the key of a request in pieces is complete", async () => {
  using server = new EmbeddedBroker();
  const key = Uint8Array.from({ length: 1024 }, (_, at) => at * 7);
  using cut = await RawClient.connect(server.address);
  await sendInPieces(cut, requestBytes(key), [3, 100, 1000]);
  await server.waits(1);
  using other = await RawClient.ask(server.address, key);
  await assertPairedWith(cut, other);
});

claim("two clients in pieces, piece by piece in turn, do not get into each other's way", async () => {
  using server = new EmbeddedBroker();
  using one = await RawClient.connect(server.address);
  using other = await RawClient.connect(server.address);
  await Promise.all([
    sendInPieces(one, requestBytes("k", "client"), CUTS),
    sendInPieces(other, requestBytes("k", "server"), CUTS),
  ]);
  await assertPairedWith(one, other);
});

claim("what is no whole request yet waits for nobody", async () => {
  using server = new EmbeddedBroker();
  using partial = await RawClient.connect(server.address);
  await partial.send(requestBytes("k").subarray(0, 1039));
  using other = await RawClient.ask(server.address, "k");
  await server.waits(1);
  assert(partial.isSilent && other.isSilent);
  assertEquals(server.broker.clients.map(({ state }) => state), ["reading", "waiting"]);
});
