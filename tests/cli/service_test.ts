import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { medianGap } from "../core/median_gap.ts";
import { type Process, startBroker, startIpcx, until } from "./program.ts";
import { Manager } from "./manager.ts";

async function tellsItsLife(manager: Manager, broker: Process, socket: string): Promise<void> {
  assertEquals(await manager.hear(), { READY: "1", MAINPID: `${broker.child.pid}`, STATUS: `serving ${socket}` });
  let last = 0;
  for (let time = 1; time <= 2; time++) {
    broker.kill("SIGHUP");
    const { RELOADING, MONOTONIC_USEC, ...rest } = await manager.hear();
    assertEquals([RELOADING, rest], ["1", {}]);
    // systemd takes it for the clock since boot, which only goes on.
    const uptime = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1e6;
    assert(Number(MONOTONIC_USEC) > last && Math.abs(uptime - Number(MONOTONIC_USEC)) < 60e6, MONOTONIC_USEC);
    last = Number(MONOTONIC_USEC);
    assertEquals(await manager.hear(), { READY: "1" });
  }
  broker.kill("SIGTERM");
  assertEquals(await manager.hear(), { STOPPING: "1" });
  assertEquals((await broker.ended()).status, 0);
}

claim("a manager at a path hears READY, RELOADING, READY and STOPPING in this order", async () => {
  using directory = new OwnDirectory();
  using manager = new Manager(directory.file("notify"));
  const socket = directory.file("s");
  await using broker = startIpcx(["broker", "-s", socket], { env: manager.env });
  await tellsItsLife(manager, broker, socket);
});

claim("so does one at an abstract name", async () => {
  using manager = new Manager(ownName());
  const socket = ownName();
  await using broker = startIpcx(["broker", "-s", socket, "--control", "none"], { env: manager.env });
  await tellsItsLife(manager, broker, socket);
});

claim("a reload that fails ends in READY, too: the old configuration serves", async () => {
  using directory = new OwnDirectory();
  using manager = new Manager(ownName());
  Deno.writeTextFileSync(directory.file("rules"), "allow\n");
  const args = ["broker", "-s", directory.file("s"), "--access-file", directory.file("rules")];
  await using broker = startIpcx(args, { env: manager.env });
  assertEquals((await manager.hear()).READY, "1");
  Deno.writeTextFileSync(directory.file("rules"), "nonsense\n");
  broker.kill("SIGHUP");
  assertEquals((await manager.hear()).RELOADING, "1");
  assertEquals(await manager.hear(), { READY: "1" });
});

claim("with WATCHDOG_USEC it gives a sign of life twice in that time", async () => {
  using manager = new Manager(ownName());
  const env = { ...manager.env, WATCHDOG_USEC: "500000" };
  await using _broker = startIpcx(["broker", "-s", ownName(), "--control", "none"], { env });
  assertEquals((await manager.hear()).READY, "1");
  const times: number[] = [];
  for (let beat = 0; beat < 8; beat++) {
    assertEquals(await manager.hear(), { WATCHDOG: "1" });
    times.push(performance.now());
  }
  const gap = medianGap(times);
  assert(gap > 125 && gap < 480, `${gap} ms`);
});

claim("a watchdog for another process is none of its business", async () => {
  using manager = new Manager(ownName());
  const env = { ...manager.env, WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" };
  await using broker = startIpcx(["broker", "-s", ownName(), "--control", "none"], { env });
  assertEquals((await manager.hear()).READY, "1");
  broker.kill("SIGHUP");
  for (const word of ["RELOADING", "READY"]) assertEquals((await manager.hear())[word], "1");
  broker.kill("SIGTERM");
  assertEquals(await manager.hear(), { STOPPING: "1" });
});

claim("a manager that does not listen is no reason to fail", async () => {
  const env = { NOTIFY_SOCKET: "/nonexistent/notify" };
  await using broker = await startBroker(["-s", ownName(), "--control", "none"], { env });
  assertEquals((await broker.stop()).status, 0);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(`${signal} stops it in order: status 0, a last line, no file left, clients let go`, async () => {
    using directory = new OwnDirectory();
    await using broker = await startBroker(["-s", directory.file("s"), "--pidfile", directory.file("pid")]);
    using client = await UnixSocket.connect(directory.file("s"));
    broker.kill(signal);
    const { status, err } = await broker.ended();
    assertEquals(status, 0);
    assertEquals(JSON.parse(err.trimEnd().split("\n").at(-1)!).message, "stopping");
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
    assertEquals(await client.receive(), null);
  });
}

claim("a signal right at the start stops it in order as well", async () => {
  using directory = new OwnDirectory();
  await using broker = startIpcx(["broker", "-s", directory.file("s")]);
  // The first file appears before anything is served.
  await until(() => Array.from(Deno.readDirSync(directory.path)).length > 0, "no file");
  broker.kill("SIGTERM");
  assertEquals(await broker.ended().then(({ status, signal }) => ({ status, signal })), { status: 0, signal: null });
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
});
