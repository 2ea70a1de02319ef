import { assert, assertEquals } from "@std/assert";
import { UnixAddress } from "../../src/core/address.ts";
import { notify, notifyReloading, startWatchdog } from "../../src/core/notify.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { medianGap } from "./median_gap.ts";
import { command, result, run } from "./programs/run.ts";

/** Lets a test talk to a service manager of its own. */
async function withManager(address: string, test: (manager: UnixSocket) => void | Promise<void>): Promise<void> {
  using manager = UnixSocket.bound(address);
  Deno.env.set("NOTIFY_SOCKET", address);
  try {
    await test(manager);
  } finally {
    Deno.env.delete("NOTIFY_SOCKET");
  }
}

/** CLOCK_MONOTONIC in microseconds, from a process that has nothing to do with ours. */
async function monotonic(): Promise<number> {
  const script = "import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)";
  const { stdout } = await new Deno.Command("python3", { args: ["-c", script] }).output();
  return Number(new TextDecoder().decode(stdout));
}

claim("a state goes to a path and to an abstract name, from this process", async () => {
  using directory = new OwnDirectory();
  const deep = directory.file("d".repeat(120));
  Deno.mkdirSync(deep);
  for (const address of [directory.file("notify"), ownName(), `${deep}/notify`]) {
    await withManager(address, async (manager) => {
      manager.setOption("passCredentials", true);
      assert(notify({ READY: 1, STATUS: "3 sockets, grüße" }));
      const message = (await manager.receive())!;
      assertEquals(message.text, "READY=1\nSTATUS=3 sockets, grüße\n");
      assertEquals(message.credentials?.pid, Deno.pid);
    });
  }
});

claim("a backslash in the name of a manager is a backslash", async () => {
  const name = `ipcx-test-\\x41-${crypto.randomUUID()}`;
  using manager = UnixSocket.bound(UnixAddress.abstract(name));
  Deno.env.set("NOTIFY_SOCKET", `@${name}`);
  assert(notify({ READY: 1 }));
  Deno.env.delete("NOTIFY_SOCKET");
  assertEquals((await manager.receive())!.text, "READY=1\n");
});

claim("a manager that is not there, not told of, or does not read is no reason to fail", async () => {
  assertEquals(notify({ READY: 1 }), false);
  for (const address of ["", ownName(), "/nowhere/notify", `@${"n".repeat(200)}`, "vsock:2:1"]) {
    Deno.env.set("NOTIFY_SOCKET", address);
    assertEquals(notify({ READY: 1 }), false, address);
  }
  Deno.env.delete("NOTIFY_SOCKET");
  await withManager(ownName(), () => {
    let told = 0;
    while (notify({ STATUS: "again" })) told++;
    assert(told >= 10);
  });
});

claim("at the limit of descriptors nothing is told, which is no reason to fail either", async () => {
  using manager = UnixSocket.bound(ownName());
  const options = { env: { NOTIFY_SOCKET: `${manager.address}` }, through: ["prlimit", "--nofile=64:64"] };
  assertEquals(await result("notify_at_limit.ts", [], options), { atLimit: false, afterwards: true });
  assertEquals((await manager.receive())!.text, "STATUS=afterwards\n");
  assertEquals(manager.tryReceive(), undefined);
});

claim("reloading is told with the time of the manager's clock", async () => {
  await withManager(ownName(), async (manager) => {
    const before = await monotonic();
    notifyReloading();
    const text = (await manager.receive())!.text;
    const after = await monotonic();
    const [, time] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)\n$/.exec(text)!;
    assert(before <= Number(time) && Number(time) <= after, `${before} ${time} ${after}`);
  });
});

claim("no watchdog is started unless this process is asked to", () => {
  for (const [interval, pid] of [[undefined, undefined], ["0", undefined], ["x", undefined], ["1000", "1"]]) {
    if (interval !== undefined) Deno.env.set("WATCHDOG_USEC", interval);
    if (pid !== undefined) Deno.env.set("WATCHDOG_PID", pid);
    startWatchdog()[Symbol.dispose]();
    Deno.env.delete("WATCHDOG_USEC");
    Deno.env.delete("WATCHDOG_PID");
  }
});

claim("a watchdog is fed at half its interval, until it is stopped", async () => {
  using manager = UnixSocket.bound(ownName());
  const env = { NOTIFY_SOCKET: `${manager.address}`, WATCHDOG_USEC: "500000" };
  const ended = command("feed_watchdog.ts", ["2500"], { env }).output();
  const times: number[] = [];
  for (let text = ""; text !== "STOPPING=1\n"; times.push(performance.now())) {
    text = (await manager.receive())!.text;
    assert(text === "WATCHDOG=1\n" || text === "STOPPING=1\n");
  }
  const { code } = await ended;
  assertEquals(code, 0);
  // One or the other may come late, and then two at once.
  const gap = medianGap(times.slice(0, -1));
  assert(gap > 125 && gap < 480, `${gap} ms`);
  assertEquals(manager.tryReceive(), undefined);
});

claim("a watchdog does not keep its process alive, nor feed for another one's", async () => {
  using manager = UnixSocket.bound(ownName());
  const env = { NOTIFY_SOCKET: `${manager.address}`, WATCHDOG_USEC: "1000" };
  assertEquals((await run("feed_watchdog.ts", ["0"], { env })).code, 0);
  const other = { ...env, WATCHDOG_PID: "1" };
  while (manager.tryReceive());
  assertEquals((await run("feed_watchdog.ts", ["20"], { env: other })).code, 0);
  assertEquals((await manager.receive())!.text, "STOPPING=1\n");
});
