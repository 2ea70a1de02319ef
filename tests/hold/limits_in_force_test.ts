import { assertEquals, assertRejects } from "@std/assert";
import { HolderClient, HoldError } from "ipcx";
import { claim } from "../claim.ts";
import { EmbeddedHolder, say, Watched } from "./embedded_holder.ts";

const UID = Deno.uid()!;

async function refusal(attempt: Promise<unknown>): Promise<[string, string]> {
  const { reason, message } = await assertRejects(() => attempt, HoldError);
  return [reason, message];
}

claim("more descriptors than the most are closed and refused, all of a request", async () => {
  using holder = new EmbeddedHolder({ limits: { maxHeld: 3, maxHeldPerUid: 3 } });
  using held = new Watched(), beyond = new Watched();
  const { client } = holder;
  await client.store({ one: held.given.fd, two: held.given.fd });
  const many = { three: beyond.given.fd, four: beyond.given.fd };
  assertEquals(await refusal(client.store(many)), ["full", "2 descriptors are held; 3 is the most"]);
  await beyond.isClosed();
  assertEquals([holder.names, held.isHeld], [["one", "two"], true]);
});

claim("more of one user than the most are refused", async () => {
  using holder = new EmbeddedHolder({ limits: { maxHeld: 9, maxHeldPerUid: 2 } });
  using held = new Watched(), beyond = new Watched();
  await holder.client.store({ one: held.given.fd, two: held.given.fd });
  const message = `2 descriptors are held for uid ${UID}; 2 is the most`;
  assertEquals(await refusal(holder.client.store({ three: beyond.given.fd })), ["full", message]);
  await beyond.isClosed();
});

claim("at the limit, one can be replaced, and room that was made is used", async () => {
  using holder = new EmbeddedHolder({ limits: { maxHeld: 2, maxHeldPerUid: 2 } });
  using first = new Watched(), second = new Watched();
  const { client } = holder;
  await client.store({ one: first.given.fd, two: second.given.fd });
  await client.store({ one: second.given.fd }, { replace: true });
  await first.isClosed();
  await client.drop(["two"]);
  await client.store({ three: second.given.fd });
  assertEquals(holder.names, ["one", "three"]);
});

claim("more clients of one user than the most are told so, and let in when one has gone", async () => {
  using holder = new EmbeddedHolder({ limits: { maxClients: 9, maxClientsPerUid: 2, requestTimeout: 0 } });
  const status = '{"op":"status"}';
  const inside = [await holder.connect(), await holder.connect()];
  for (const one of inside) assertEquals(JSON.parse(await say(one, status)).ok, true);
  const message = `2 clients of uid ${UID} are connected, which is the most: try again`;
  using outside = await holder.connect();
  using told = await outside.receive();
  assertEquals(JSON.parse(told!.text), { ok: false, error: "busy", message });
  assertEquals(await outside.receive(), null);
  const impatient = new HolderClient(holder.address, { timeout: 1000 });
  assertEquals(await refusal(impatient.list()), ["busy", message]);

  const patient = holder.client.list();
  inside[0].close();
  assertEquals(await patient, []);
  inside[1].close();
});

claim("more clients than the most are told so", async () => {
  using holder = new EmbeddedHolder({ limits: { maxClients: 1, maxClientsPerUid: 9, requestTimeout: 0 } });
  using inside = await holder.connect();
  assertEquals(JSON.parse(await say(inside, '{"op":"status"}')).ok, true);
  using outside = await holder.connect();
  using told = await outside.receive();
  const message = "1 clients are connected, which is the most: try again";
  assertEquals(JSON.parse(told!.text), { ok: false, error: "busy", message });
});

claim("who takes too long for the first request, or for the next one, is disconnected", async () => {
  using holder = new EmbeddedHolder({ limits: { requestTimeout: 200 } });
  using silent = await holder.connect();
  assertEquals(await silent.receive(), null);
  using slow = await holder.connect();
  await slow.send('{"op":"status"}');
  assertEquals(JSON.parse((await slow.receive())!.text).ok, true);
  assertEquals(await slow.receive(), null);
  assertEquals(await holder.client.list(), []);
});

claim("a time-out of 0 is none", async () => {
  using holder = new EmbeddedHolder({ limits: { requestTimeout: 0 } });
  using silent = await holder.connect();
  // As many turns as others would have been disconnected in.
  for (let turn = 0; turn < 20; turn++) assertEquals(await holder.client.list(), []);
  assertEquals(JSON.parse(await say(silent, '{"op":"status"}')).ok, true);
});
