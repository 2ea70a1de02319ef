import { assert, assertEquals, assertRejects } from "@std/assert";
import { SystemError } from "ipcx";
import { claim, OwnDirectory } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

const END_MS = 30_000;

/** Waits for a daemon's end, which has to come soon. */
async function inTime(daemon: Daemon): Promise<Deno.CommandStatus> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, END_MS, undefined);
  const status = await Promise.race([daemon.ended, late.promise]);
  clearTimeout(timer);
  assert(status, `it does not end within ${END_MS} ms`);
  return status;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

claim("a daemon that is drained without clients answers, and ends with 0", async () => {
  await using daemon = await Daemon.start();
  const { status, text } = await daemon.ask("POST", "/drain");
  assertEquals([status, JSON.parse(text)], [202, { draining: true, clients: 0 }]);
  assertEquals((await daemon.ended).code, 0);
});

claim("a drained daemon pairs those who wait, refuses those who would have to, and then ends with 0", async () => {
  await using daemon = await Daemon.start();
  using waiting = await RawClient.ask(daemon.address, "old", "server");
  await daemon.waits(1);
  const { text } = await daemon.ask("POST", "/drain");
  assertEquals(JSON.parse(text), { draining: true, clients: 1 });
  using newcomer = await RawClient.ask(daemon.address, "new");
  await newcomer.refusal();
  assertEquals((await daemon.status()).refused, { draining: 1 });
  using counterpart = await RawClient.ask(daemon.address, "old", "client");
  await assertPairedWith(waiting, counterpart);
  assertEquals((await daemon.ended).code, 0);
});

claim("a daemon is drained when nobody waits, even if silent clients keep connecting", async () => {
  await using daemon = await Daemon.start({ args: ["--request-timeout", "0"] });
  using waiting = await RawClient.ask(daemon.address, "k");
  using _silent = await RawClient.connect(daemon.address);
  await daemon.waits(1);
  await daemon.ask("POST", "/drain");
  using _another = await RawClient.connect(daemon.address);
  assertEquals((await daemon.status()).waiting, 1);
  waiting[Symbol.dispose]();
  assertEquals((await inTime(daemon)).code, 0);
});

claim("a daemon to which only silent clients are connected is drained at once", async () => {
  await using daemon = await Daemon.start({ args: ["--request-timeout", "0"] });
  using _silent = await RawClient.connect(daemon.address);
  await eventually("it is connected", async () => (await daemon.status()).clients === 1);
  assertEquals((await daemon.ask("POST", "/drain")).status, 202);
  assertEquals((await inTime(daemon)).code, 0);
});

claim("a second request to drain changes nothing", async () => {
  await using daemon = await Daemon.start();
  using waiting = await RawClient.ask(daemon.address, "k");
  await daemon.waits(1);
  for (let round = 0; round < 2; round++) assertEquals((await daemon.ask("POST", "/drain")).status, 202);
  waiting[Symbol.dispose]();
  assertEquals((await daemon.ended).code, 0);
});

claim("a daemon that is shut down answers, lets go of its clients, and ends with 0", async () => {
  await using daemon = await Daemon.start();
  using waiting = await RawClient.ask(daemon.address, "k");
  await daemon.waits(1);
  const { status, text } = await daemon.ask("POST", "/shutdown");
  assertEquals([status, JSON.parse(text)], [202, { stopping: true }]);
  await waiting.refusal();
  assertEquals((await daemon.ended).code, 0);
  await assertRejects(() => RawClient.connect(daemon.address), SystemError, "ECONNREFUSED");
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(`${signal} ends a daemon in order: files removed, status 0, the last line says what it did`, async () => {
    using directory = new OwnDirectory();
    await using daemon = await Daemon.start({ address: directory.file("broker.sock") });
    using waiting = await RawClient.ask(daemon.address, "k");
    await daemon.waits(1);
    daemon.kill(signal);
    await waiting.refusal();
    assertEquals((await daemon.ended).code, 0);
    assert(!await exists(daemon.address) && !await exists(daemon.control));
    const { message, accepted, paired, waiting: left } = daemon.log.at(-1)!;
    assertEquals({ message, accepted, paired, left }, { message: "stopping", accepted: 1, paired: 0, left: 1 });
  });
}
