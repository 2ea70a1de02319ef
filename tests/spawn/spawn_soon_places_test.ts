import { assert, assertEquals, assertRejects } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { type SoonOptions, spawn, spawnSoon } from "../../src/spawn/mod.ts";
import { until, within } from "../cli/program.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";
import { killedTakesAlong } from "./parents.ts";
import { closePipes, line, restOf, runSoon, startSoon, type Told } from "./soon.ts";
import { ALL_KINDS, Target } from "./target.ts";

const PR_GET_DUMPABLE = 3;

async function end(told: Told): Promise<void> {
  told.child.kill("SIGKILL");
  closePipes(told);
  await told.child.status;
}

claim("a caller that is killed takes along whom it gave a death signal, though a thread has created them", async () => {
  const deathSignal = "SIGKILL";
  const namespaced: Partial<SoonOptions>[] = [];
  await using target = NEEDS_ROOT ? undefined : await Target.start(["pid", "mnt"]);
  if (target) {
    namespaced.push({ deathSignal, namespaces: { pid: target.pid } });
    namespaced.push({ deathSignal, namespaces: { target: target.pid, pid: true, mnt: true }, local: true });
  }
  const ways = [{}, { deathSignal }, { deathSignal: "SIGTERM" }, { deathSignal, newSession: true }, ...namespaced];
  await killedTakesAlong("parent_soon.ts", ways);
});

claim("a process is in the namespaces that it was to join", async () => {
  await using target = await Target.start(ALL_KINDS);
  const link = (pid: number | string, kind: string) => `readlink /proc/${pid}/ns/${kind}`;
  const kinds = ["net", "uts", "ipc"] as const;
  const there = kinds.map((kind) => Deno.readLinkSync(`/proc/${target.pid}/ns/${kind}`));
  const show = kinds.map((kind) => link("self", kind)).join("; ");
  const namespaces = { target: target.pid, net: true, uts: true, ipc: true } as const;
  assertEquals((await runSoon({ ...line(show), namespaces })).out.trim().split("\n"), there);
  const { out, child } = await runSoon({ ...line("echo $$"), namespaces: { target: target.pid, all: true } });
  assertEquals(Number(out), child.ownPid);
  assert(child.pid !== child.ownPid);
}, { skip: NEEDS_ROOT });

claim("the caller goes on while a process is being created", async () => {
  await using group = new OwnCgroup();
  // Who is created in a frozen one does not become its program.
  Deno.writeTextFileSync(`${group.path}/cgroup.freeze`, "1");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isTold = false;
  spawnSoon({ ...line("true"), cgroup: group.path }, {
    onStarted(started) {
      isTold = true;
      closePipes(started);
      resolve();
    },
    onFailed: reject,
  });
  await until(() => group.members.length === 1, "nobody comes");
  // Meanwhile another thread serves others.
  for (let round = 0; round < 20; round++) assertEquals((await runSoon(line("echo on"))).out, "on\n");
  assertEquals(isTold, false);
  Deno.writeTextFileSync(`${group.path}/cgroup.freeze`, "0");
  await within(promise, "it does not go on");
}, { skip: NEEDS_CGROUP });

claim("a process is created in its control group, by which all that came of it is killed", async () => {
  await using group = new OwnCgroup();
  const cgroup = group.path;
  const told = await startSoon({ ...line("setsid sleep 1000 & exec sleep 1000"), cgroup: group.name });
  await until(() => group.members.length === 2, "both are not in it");
  assertEquals([told.child.cgroup, told.child.isTreeAlive], [cgroup, true]);
  assertEquals(told.child.killTree(), true);
  assertEquals((await restOf(told)).child.hasEnded, true);
  await until(() => !told.child.isTreeAlive, "somebody stays");
  // Also where cgroup.kill was written to before, and where it ends at once.
  const { child, out } = await runSoon({ ...line("cat /proc/self/cgroup"), cgroup });
  assertEquals([out.includes(`/${group.name}\n`), child.cgroup, child.isTreeAlive], [true, cgroup, false]);
  await assertRejects(() => startSoon({ command: "/nowhere/at/all", cgroup }), SystemError, "nowhere");
  const after = await runSoon({ ...line(":"), cgroup });
  assertEquals(after.child.cgroup, cgroup);
}, { skip: NEEDS_CGROUP });

claim("who comes to a control group together with others does not have it alone", async () => {
  await using group = new OwnCgroup();
  const options: SoonOptions = { command: "sleep", args: ["1000"], cgroup: group.path, processGroup: true };
  const both = [startSoon(options), startSoon(options)];
  const third = spawn({ ...options, stdin: "null" });
  const all = await Promise.all(both);
  assertEquals([...all.map(({ child }) => child.cgroup), third.cgroup], [undefined, undefined, undefined]);
  // Only its own group is hit.
  all[0].child.killTree();
  await end(all[0]);
  assertEquals([all[1].child.hasEnded, third.hasEnded], [false, false]);
  await end(all[1]);
  third.kill("SIGKILL");
  await third.status;
}, { skip: NEEDS_CGROUP });

claim("what is concealed while processes are created is as it was afterwards", async () => {
  await using target = await Target.start(["pid"]);
  const libc = Deno.dlopen("libc.so.6", { prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" } });
  const isDumpable = (): number => libc.symbols.prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n);
  assertEquals(isDumpable(), 1);
  const namespaces = { pid: target.pid };
  for (let round = 0; round < 30; round++) {
    const soon = Array.from({ length: 4 }, () => runSoon({ ...line("echo in"), namespaces }));
    const free = runSoon(line("echo out"));
    const child = spawn({ command: "true", stdin: "null", namespaces });
    const other = spawn({ command: "true", stdin: "null", uid: 1234, gid: 1234 });
    for (const one of soon) assertEquals((await one).out, "in\n");
    assertEquals((await free).out, "out\n");
    assertEquals([(await child.status).code, (await other.status).code], [0, 0]);
  }
  assertEquals(isDumpable(), 1);
  libc.close();
}, { skip: NEEDS_ROOT });

claim("a process of another mount namespace runs the caller's program and script there", async () => {
  await using target = await Target.start(["mnt", "pid"]);
  const namespaces = { target: target.pid, mnt: true, pid: true } as const;
  const there = Deno.readLinkSync(`/proc/${target.pid}/ns/mnt`);
  const options = { ...line("readlink /proc/self/ns/mnt"), namespaces, local: true };
  const all = await Promise.all(Array.from({ length: 6 }, () => runSoon(options)));
  assertEquals(all.map(({ out }) => out), all.map(() => `${there}\n`));
}, { skip: NEEDS_ROOT });
