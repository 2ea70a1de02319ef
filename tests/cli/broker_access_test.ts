import { assertEquals, assertRejects } from "@std/assert";
import { PairRefusedError, requestPair } from "../../src/broker/request_pair.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { startBroker } from "./program.ts";

const ME = Deno.uid();

async function isLetIn(address: string, key: string): Promise<boolean> {
  try {
    const ends = await Promise.all([requestPair({ address, key }), requestPair({ address, key })]);
    for (const end of ends) end.close();
    return true;
  } catch (error) {
    if (error instanceof PairRefusedError) return false;
    throw error;
  }
}

claim("--access rules hold in their order", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s");
  const rules = [`deny uid=${ME} key=secret*`, `allow uid=${ME} key=s*`];
  await using _broker = await startBroker(["-s", address, ...rules.flatMap((rule) => ["--access", rule])]);
  assertEquals(await isLetIn(address, "secret-1"), false);
  assertEquals(await isLetIn(address, "safe"), true);
  assertEquals(await isLetIn(address, "other"), false);
});

claim("--access comes before --access-file", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s"), file = directory.file("rules");
  Deno.writeTextFileSync(file, "deny key=a\nallow\n");
  const args = ["-s", address, "--access-file", file, "--access", "allow key=a", "--access", "deny key=b"];
  await using _broker = await startBroker(args);
  assertEquals(await isLetIn(address, "a"), true);
  assertEquals(await isLetIn(address, "b"), false);
  assertEquals(await isLetIn(address, "c"), true);
});

claim("SIGHUP reads the access file again", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s"), file = directory.file("rules");
  Deno.writeTextFileSync(file, "allow key=old\n");
  await using broker = await startBroker(["-s", address, "--access-file", file]);
  assertEquals([await isLetIn(address, "old"), await isLetIn(address, "new")], [true, false]);
  Deno.writeTextFileSync(file, "allow key=new\n");
  broker.kill("SIGHUP");
  await broker.says("reloaded");
  assertEquals([await isLetIn(address, "old"), await isLetIn(address, "new")], [false, true]);
});

claim("a bad or missing file at SIGHUP is logged with its place, and the old rules stay", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s"), file = directory.file("rules");
  Deno.writeTextFileSync(file, "allow key=old\n");
  await using broker = await startBroker(["-s", address, "--access-file", file, "--log-format", "json"]);
  Deno.writeTextFileSync(file, "allow key=new\nallow anybody\n");
  broker.kill("SIGHUP");
  await broker.says("reload failed, the old configuration stays");
  await broker.says(`${file}:2: 'anybody'`);
  assertEquals([await isLetIn(address, "old"), await isLetIn(address, "new")], [true, false]);
  Deno.removeSync(file);
  broker.kill("SIGHUP");
  await broker.says("reload failed", 2);
  assertEquals([await isLetIn(address, "old"), await isLetIn(address, "new")], [true, false]);
  Deno.writeTextFileSync(file, "allow key=new\n");
  broker.kill("SIGHUP");
  await broker.says("reloaded");
  assertEquals([await isLetIn(address, "old"), await isLetIn(address, "new")], [false, true]);
});

claim("new rules hold for those who come afterwards: who waits may still be paired", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s"), file = directory.file("rules");
  Deno.writeTextFileSync(file, `allow key=k\n`);
  await using broker = await startBroker(["-s", address, "--access-file", file]);
  const early = requestPair({ address, key: "k", mode: "server" });
  // Its request has been read when one behind it has been answered.
  await isLetIn(address, "k");
  Deno.writeTextFileSync(file, `deny key=other\n`);
  broker.kill("SIGHUP");
  await broker.says("reloaded");
  const late = await requestPair({ address, key: "k", mode: "client" });
  late.close();
  (await early).close();
  await assertRejects(() => requestPair({ address, key: "other" }), PairRefusedError);
});
