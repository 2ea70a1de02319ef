import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "ipcx";
import { claim, ownName } from "../claim.ts";
import { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { idleTicks } from "./process_figures.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

const END_MS = 30_000;
const CROWD = 100;
const MAX_TICKS_A_SECOND = 10;
const PROGRAMS = new URL("programs/", import.meta.url).pathname;

/** A daemon with a socket of its own, and one beside it of which its launcher keeps a copy. */
function startBeside(held: string): Promise<Daemon> {
  return Daemon.start({ wrapper: ["python3", `${PROGRAMS}hold_listener.py`, held] });
}

function keepConnecting(address: string): Deno.ChildProcess {
  const args = [`${PROGRAMS}keep_connecting.py`, address];
  return new Deno.Command("python3", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function assertServedAt(one: string, other: string): Promise<void> {
  using first = await RawClient.ask(one, "k");
  using second = await RawClient.ask(other, "k");
  await assertPairedWith(first, second);
}

claim("SIGTERM ends a daemon although others hold its listener and clients keep connecting to it", async () => {
  const held = ownName();
  await using daemon = await startBeside(held);
  await assertServedAt(held, daemon.address);
  const crowd = [keepConnecting(held), keepConnecting(held)];
  try {
    await eventually("they connect", async () => (await daemon.status()).accepted > CROWD);
    daemon.kill("SIGTERM");
    const status = await Promise.race([daemon.ended, delay(END_MS)]);
    assertEquals(status?.code, 0, `after ${END_MS} ms it still runs`);
  } finally {
    for (const one of crowd) one.kill("SIGKILL");
    await Promise.all(crowd.map((one) => one.status));
  }
});

claim("a listener that its holder shuts down is given up with one line, and the others are served on", async () => {
  const held = ownName();
  await using daemon = await startBeside(held);
  await assertServedAt(held, daemon.address);
  using holder = await UnixSocket.connect(`${held}-holder`);
  assertEquals(await holder.receive(), null);
  await daemon.logs("socket lost");
  const ticks = await idleTicks(daemon.pid, 1000, MAX_TICKS_A_SECOND);
  assert(ticks <= MAX_TICKS_A_SECOND, `${ticks} ticks in a second`);
  await assertServedAt(daemon.address, daemon.address);
  const lines = daemon.log.filter(({ level }) => level !== "info");
  assertEquals(lines.map(({ level, message, socket }) => ({ level, message, socket })), [
    { level: "error", message: "socket lost", socket: held },
  ]);
});
