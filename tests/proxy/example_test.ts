/**
 * The example of examples/proxy does what its remarks say.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { formatTemplate } from "../../src/proxy/placeholders.ts";
import { Proxy } from "../../src/proxy/proxy.ts";
import { readProxyConfig } from "../../src/proxy/read_config.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { until } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { Serving } from "./gateway.ts";

const FOLDER = new URL("../../examples/proxy/", import.meta.url).pathname;
const NAME = "urocket-service.yaml";

const needs = missing("curl") || missing("python3");

/** Starts a copy of the example at a port of its own. */
async function startExample(): Promise<Serving> {
  const directory = new OwnDirectory();
  for (const { name } of Deno.readDirSync(FOLDER)) Deno.copyFileSync(FOLDER + name, directory.file(name));
  const text = Deno.readTextFileSync(directory.file(NAME));
  assert(text.includes("\nport: 8080\n"));
  // Starting a shell or Python takes long on a busy machine.
  const patient = text.replace("\nport: 8080\n", "\nport: 0\n").replaceAll(/^ *timeout: .*\n/gm, "")
    .replaceAll("      inject:\n", "      inject:\n        timeout: 20s\n");
  Deno.writeTextFileSync(directory.file(NAME), patient);
  return new Serving(await Proxy.start(readProxyConfig(directory.file(NAME))), directory);
}

claim("the example is read as it is shipped", () => {
  const config = readProxyConfig(FOLDER + NAME);
  assertEquals(config.front, { address: "127.0.0.1", port: 8080 });
  assertEquals(config.reply, { path: `${FOLDER}urocket.sock`, mode: 0o600 });
  assertEquals(config.limits.concurrency, 16);
  assertEquals(
    config.routes.map(({ method, path, inject }) => [method, path, formatTemplate(inject.cmd[0])]),
    [
      ["POST", "/pets", "./add_pet.sh"],
      ["GET", "/pets/{petId}", "./show_pet.sh"],
      ["POST", "/shout", "tr"],
      ["POST", "/length", "sh"],
      ["POST", "/report", "sh"],
      ["POST", "/count", "python3"],
    ],
  );
  for (const { limits } of config.routes) assertEquals([limits.body, limits.rlimits], [65_536, { nofile: 256 }]);
});

claim("every route of the example does what its remark says", async () => {
  await using serving = await startExample();
  const post = (path: string, body: string, type = "text/plain") =>
    serving.ask(path, { method: "POST", body, headers: { "Content-Type": type } });

  const tom = await post("/pets", '{"name": "Tom"}', "application/json");
  assertEquals([tom.status, tom.headers.get("content-type"), tom.text], [201, "application/json", '{"name": "Tom"}']);
  const hostile = JSON.stringify({ name: "$(id) `id` ' \" \\ ; -x" });
  assertEquals((await post("/pets", hostile, "application/json")).text, hostile);
  assertEquals((await post("/pets", "{}", "application/json")).status, 422);

  assertEquals(JSON.parse((await serving.ask("/pets/7?language=it")).text), { id: "7", says: "miao" });
  assertEquals((await serving.ask("/pets/7")).headers.get("content-type"), "application/json");
  assertEquals((await post("/shout", "hello")).text, "HELLO");
  assertEquals((await post("/length", "hello")).text, "5 bytes\n");
  assertEquals((await post("/length", "x".repeat(65_537))).status, 413);

  const report = await post("/report", "");
  assertEquals(report.status, 202);
  const job = report.headers.get("location")!;
  await until(async () => (await serving.ask(job)).status !== 202, "the report is never done");
  assertEquals((await serving.ask(job)).text, "done\n");

  assertEquals((await post("/count", "abc")).text, "request 1: 3 bytes\n");
  assertEquals((await post("/count", "")).text, "request 2: 0 bytes\n");
}, { skip: needs });
