import { assertEquals } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { isAlive, until } from "../cli/program.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { killedTakesAlong, parentOf } from "./parents.ts";
import { Target } from "./target.ts";

const skip = NEEDS_ROOT;

claim("a caller that is killed takes along whom it gave a death signal, and no one else", async () => {
  await using target = await Target.start(["pid", "mnt", "net", "user"]);
  const namespaces = { target: target.pid, all: true };
  const deathSignal = "SIGKILL";
  await killedTakesAlong("parent.ts", [
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
}, { skip });

claim("a caller that ends by itself takes along whom it gave a death signal", async () => {
  const { parent, pids } = await parentOf("parent.ts", [{ deathSignal: "SIGKILL" }, { deathSignal: 15 }]);
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
