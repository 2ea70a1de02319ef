import { assertEquals } from "@std/assert";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { HolderClient } from "../../src/hold/client.ts";
import { asUser } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { say } from "../hold/embedded_holder.ts";
import { Holding } from "./holding.ts";
import { until } from "./program.ts";

/** Few descriptors, of which the runtime itself takes some. */
const NOFILE = 100;

function limited(): { through: string[] } {
  return { through: ["prlimit", `--nofile=${NOFILE}:${NOFILE}`] };
}

claim("the limits of the options hold", async () => {
  using directory = new OwnDirectory();
  const limits = { maxHeld: 5, maxHeldPerUid: 4, maxClients: 3, maxClientsPerUid: 2, requestTimeout: 1500 };
  const args = ["--max-held=5", "--max-held-per-uid=4", "--max-clients=3", "--max-clients-per-uid=2"];
  await using holding = await Holding.start(directory, [...args, "--request-timeout=1500ms"]);
  assertEquals(JSON.parse((await holding.ask("status", "--json")).out).limits, limits);
});

claim("descriptors for which there is no room are refused, and the holder holds on", async () => {
  using directory = new OwnDirectory();
  await using _holding = await Holding.start(directory, ["-l", "web=./web", "--max-held=1000"], limited());
  const client = new HolderClient(directory.file("hold"));
  using file = openPath("/dev/null", OPEN.READ);
  const many = Object.fromEntries(Array.from({ length: NOFILE }, (_, at) => [`${at}`, file]));
  const { message } = await client.store(many).then(() => new Error("stored"), (error) => error);
  assertEquals(message, "the holder has no room for descriptors: RLIMIT_NOFILE is reached");
  assertEquals((await client.list()).map(({ name }) => name), ["web"]);
  const half = Object.fromEntries(Object.entries(many).slice(0, NOFILE / 4));
  await client.store(half);
  assertEquals((await client.list()).length, 1 + NOFILE / 4);
});

claim("connections for which there is no room wait, and are served when there is", async () => {
  using directory = new OwnDirectory();
  const args = ["--max-clients=1000", "--max-clients-per-uid=1000", "--request-timeout=0"];
  await using holding = await Holding.start(directory, args, limited());
  const connections: UnixSocket[] = [];
  for (let at = 0; at < NOFILE; at++) {
    connections.push(await UnixSocket.connect(directory.file("hold"), { type: "seqpacket" }));
  }
  await holding.process.says("cannot accept connections for the moment");
  const late = connections.at(-1)!;
  await late.send('{"op":"status"}');
  for (const connection of connections.slice(0, NOFILE / 2)) connection.close();
  using reply = await late.receive();
  assertEquals(JSON.parse(reply!.text).ok, true);
  for (const connection of connections) connection.close();
  assertEquals((await holding.ask("list")).status, 0);
});

claim(
  "too many descriptors on their way to clients make it busy, and it serves again when they are taken",
  async () => {
    using directory = new OwnDirectory();
    Deno.chmodSync(directory.path, 0o777);
    // Root's are not counted, and nobody else's are to be.
    const through = [...asUser(61_234), ...limited().through];
    const args = ["--max-clients=20", "--max-clients-per-uid=20", "--request-timeout=0"];
    await using holding = await Holding.start(directory, args, { through });
    using file = openPath("/dev/null", OPEN.READ);
    const client = new HolderClient(directory.file("hold"));
    await client.store({ it: file });
    const retrieve = JSON.stringify({ op: "retrieve", names: Array(60).fill("it") });
    const greedy: UnixSocket[] = [];
    for (let at = 0; at < 4; at++) {
      const socket = await UnixSocket.connect(directory.file("hold"), { type: "seqpacket" });
      await socket.send(retrieve);
      greedy.push(socket);
    }
    await until(async () => (await client.status()).refused.busy > 0, "it is never busy");
    using another = await UnixSocket.connect(directory.file("hold"), { type: "seqpacket" });
    const busy = { ok: false, error: "busy", message: "too many descriptors are on their way to clients: try again" };
    assertEquals(JSON.parse(await say(another, '{"op":"retrieve","names":["it"]}')), busy);
    // A client of ours asks again until there is room.
    const patient = client.retrieve(["it"]);
    for (const socket of greedy) socket.close();
    for (const fd of await patient) fd.close();
    await holding.process.says(busy.message);
  },
  { skip: NEEDS_ROOT },
);
