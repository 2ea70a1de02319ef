import { assert, assertEquals } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { Process, until } from "../cli/program.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { ownProgram } from "./own_program.ts";
import { Target } from "./target.ts";

const skip = NEEDS_ROOT;

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** Starts a program that starts `cat` in these ways, and tells of it when all run. */
async function parentOf(ways: readonly Partial<SpawnOptions>[]): Promise<{ parent: Process; pids: number[] }> {
  const command = ownProgram("parent.ts");
  const parent = new Process([...command, JSON.stringify(ways)], { input: "open" });
  await parent.says("ready");
  return { parent, pids: parent.err.match(/\d+/g)!.map(Number) };
}

claim("a caller that is killed takes along whom it gave a death signal, and no one else", async () => {
  await using target = await Target.start(["pid", "mnt", "net", "user"]);
  const namespaces = { target: target.pid, all: true };
  const deathSignal = "SIGKILL";
  const { parent, pids } = await parentOf([
    {},
    { deathSignal },
    { deathSignal: "SIGTERM" },
    { deathSignal, namespaces: { pid: target.pid } },
    { deathSignal, namespaces },
    { deathSignal, namespaces, local: true },
    { deathSignal, uid: 1234, gid: 1234 },
    { deathSignal, uid: 1234, gid: 1234, namespaces: { pid: target.pid } },
    { deathSignal, newSession: true },
    { deathSignal, dropCapabilities: ["ALL"], noNewPrivileges: true },
    { deathSignal, paused: true },
  ]);
  assertEquals(pids.length, 11);
  assertEquals(pids.map(isAlive), pids.map(() => true));
  parent.kill("SIGKILL");
  await parent.ended();
  const [free, ...bound] = pids;
  await until(() => !bound.some(isAlive), "somebody lives on");
  assert(isAlive(free), "it had no death signal");
  Deno.kill(free, "SIGKILL");
  await parent[Symbol.asyncDispose]();
}, { skip });

claim("a caller that ends by itself takes along whom it gave a death signal", async () => {
  const { parent, pids } = await parentOf([{ deathSignal: "SIGKILL" }, { deathSignal: 15 }]);
  await parent.closeInput();
  assertEquals((await parent.ended()).status, 0);
  await until(() => !pids.some(isAlive), "somebody lives on");
});

claim("a child with a death signal is not left what its caller is known by", async () => {
  const show = "i=0; while [ $i -lt 64 ]; do if [ -e /proc/$$/fd/$i ]; then echo $i; fi; i=$((i+1)); done";
  const ways: readonly Partial<SpawnOptions>[] = [{}, { fds: { 5: 0 } }, { fds: { 3: 0 }, newSession: true }];
  for (const more of ways) {
    const child = spawn({ command: "sh", args: ["-c", show], stdout: "piped", deathSignal: "SIGKILL", ...more });
    const numbers = (await new Response(child.stdout).text()).trim().split("\n");
    assertEquals(numbers, ["0", "1", "2", ...Object.keys(more.fds ?? {})]);
    await child.status;
  }
});
