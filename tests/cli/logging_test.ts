import { assert, assertEquals, assertMatch } from "@std/assert";
import { requestPair } from "../../src/broker/request_pair.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { ipcx, startBroker, startIpcx, until } from "./program.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Waits for a broker that does not say so to serve: its control socket is the last that it opens. */
async function serves(directory: OwnDirectory): Promise<void> {
  const args = ["brokerctl", "-s", directory.file("s"), "log-level"];
  await until(() => Deno.statSync(directory.file("s.ctl")).isSocket === true, "no control socket");
  await until(async () => (await ipcx(args)).status === 0, "not served");
}

claim("where no terminal is, every line of the log is JSON with time, level, logger and message", async () => {
  using directory = new OwnDirectory();
  await using broker = await startBroker(["-s", directory.file("s")]);
  const { err } = await broker.stop();
  const records = lines(err).map((line) => JSON.parse(line));
  assertEquals(records.map(({ message }) => message), ["serving", "stopping"]);
  for (const { time, level, logger } of records) {
    assertMatch(time, TIME);
    assertEquals({ level, logger }, { level: "info", logger: "broker" });
  }
  assertEquals(records[0].sockets, [directory.file("s")]);
  assertEquals(records[0].control, directory.file("s.ctl"));
});

claim("text lines have fields as name=value, quoted where they need it", async () => {
  using directory = new OwnDirectory();
  await using broker = await startBroker(["-s", directory.file("s p"), "--log-format", "text", "--control", "none"]);
  const { err } = await broker.stop();
  const [serving, stopping] = lines(err);
  assertMatch(serving, /^\S{24} INFO broker: serving sockets="[^"]*\/s p" control=none( limits\.\w+=\d+)+$/);
  assertMatch(stopping, /^\S{24} INFO broker: stopping accepted=0 paired=0 waiting=0$/);
});

claim("lines below --log-level are left out", async () => {
  using directory = new OwnDirectory();
  await using quiet = startIpcx(["broker", "-s", directory.file("s"), "--log-level", "error", "--access", "deny"]);
  await serves(directory);
  await requestPair({ address: directory.file("s"), key: "k" }).then((end) => end.close(), () => {});
  assertEquals((await ipcx(["brokerctl", "-s", directory.file("s"), "shutdown"])).status, 0);
  assertEquals((await quiet.ended()).err, "");
});

claim("--log-level debug tells of clients one by one", async () => {
  using directory = new OwnDirectory();
  await using broker = await startBroker(["-s", directory.file("s"), "--log-level", "debug"]);
  const address = directory.file("s");
  const ends = await Promise.all([requestPair({ address, key: "k" }), requestPair({ address, key: "k" })]);
  for (const end of ends) end.close();
  await broker.says('"level":"debug"');
});

claim("--log-file takes the lines, and standard error stays empty", async () => {
  using directory = new OwnDirectory();
  const log = directory.file("log");
  Deno.writeTextFileSync(log, "before\n");
  await using broker = startIpcx(["broker", "-s", directory.file("s"), "--log-file", log]);
  await until(() => Deno.readTextFileSync(log).includes("serving"), "not served");
  assertEquals((await ipcx(["brokerctl", "-s", directory.file("s"), "shutdown"])).status, 0);
  assertEquals(await broker.ended(), { status: 0, signal: null, out: "", err: "" });
  const [before, serving, stopping] = lines(Deno.readTextFileSync(log));
  assertEquals(before, "before");
  assertEquals([serving, stopping].map((line) => JSON.parse(line).message), ["serving", "stopping"]);
});

claim("SIGHUP opens the log file anew, so that it can be rotated", async () => {
  using directory = new OwnDirectory();
  const log = directory.file("log");
  await using broker = startIpcx(["broker", "-s", directory.file("s"), "--log-file", log, "--log-format", "text"]);
  const appears = (text: string): Promise<void> =>
    until(() => Deno.readTextFileSync(log).includes(text), `no '${text}'`);
  await appears("serving");
  Deno.renameSync(log, directory.file("log.1"));
  broker.kill("SIGHUP");
  await appears("reloaded");
  assertEquals((await broker.stop()).status, 0);
  assertEquals(lines(Deno.readTextFileSync(directory.file("log.1"))).length, 1);
  assert(Deno.readTextFileSync(log).includes("stopping"));
  assertEquals(Deno.statSync(log).mode! & 0o777, 0o640);
});

claim("a broker outlives whoever read its standard error", async () => {
  using directory = new OwnDirectory();
  const script = '"$@" 2>&1 >/dev/null | head -n 1; true';
  const through = ["bash", "-c", script, "bash"];
  await using reader = startIpcx(["broker", "-s", directory.file("s")], { through });
  await serves(directory);
  const args = ["brokerctl", "-s", directory.file("s")];
  // Each level is set, logged about or not, and told again: it still serves.
  for (const level of ["debug", "info"]) assertEquals((await ipcx([...args, "log-level", level])).out, `${level}\n`);
  assertEquals((await ipcx([...args, "shutdown"])).status, 0);
  assertMatch((await reader.ended()).out, /"serving"/);
});
