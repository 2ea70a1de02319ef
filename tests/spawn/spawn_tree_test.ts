import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ChildProcess, spawn } from "../../src/spawn/mod.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";

/** A shell that leaves a process behind, whose id it prints. */
async function leaving(script: string, options: Record<string, unknown> = {}): Promise<[ChildProcess, number]> {
  const child = spawn({ command: "sh", args: ["-c", script], stdout: "piped", newSession: true, ...options });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const pid = Number((await reader.read()).value);
  await reader.cancel();
  return [child, pid];
}

claim("a tree is alive as long as anybody of it is", async () => {
  const [child, left] = await leaving("sleep 60 >&2 & echo $!");
  assertEquals((await child.status).success, true);
  assertEquals([child.hasEnded, child.isTreeAlive, child.isTreeRunning], [true, true, true]);
  Deno.kill(left, "SIGKILL");
  await until(() => !child.isTreeAlive, "it is said to be alive");
  assertEquals(child.isTreeRunning, false);
});

claim("a child without others is its tree", async () => {
  const child = spawn({ command: "sleep", args: ["60"], processGroup: true });
  assert(child.isTreeAlive && child.isTreeRunning);
  child.kill("SIGKILL");
  await child.status;
  assertEquals([child.isTreeAlive, child.isTreeRunning], [false, false]);
});

claim("whose parent does not reap it is there, but does not run", async () => {
  // What reads becomes another program, which knows nothing of its child.
  const [child, left] = await leaving("sleep 0.1 >&2 & echo $!; exec sleep 60");
  await until(() => /\) Z /.test(Deno.readTextFileSync(`/proc/${left}/stat`)), "it does not end");
  const [orphan] = await leaving("sh -c 'exec sleep 60 >&2' & echo $!");
  await orphan.status;
  assert(orphan.isTreeRunning);
  orphan.killTree("SIGKILL");
  // Whoever adopts it may take its time: it may be there or not, but does not run.
  await until(() => !orphan.isTreeRunning, "it is said to run");
  assert(child.isTreeAlive && child.isTreeRunning);
  child.killTree("SIGKILL");
  await child.status;
  await until(() => !child.isTreeRunning, "it is said to run");
});

claim("a child that leads no group has no tree to ask about", async () => {
  const child = spawn({ command: "sleep", args: ["60"] });
  assertThrows(() => child.isTreeAlive, TypeError, "no process group of its own");
  assertThrows(() => child.isTreeRunning, TypeError, "no process group of its own");
  child.kill("SIGKILL");
  await child.status;
});

claim("who has left the group is found by the control group", async () => {
  await using group = new OwnCgroup();
  const [child, left] = await leaving("setsid sleep 60 >&2 & echo $!", { cgroup: group.path });
  await child.status;
  assert(child.isTreeAlive && child.isTreeRunning);
  Deno.kill(left, "SIGKILL");
  await until(() => !child.isTreeAlive, "it is said to be alive");
  assertEquals(child.isTreeRunning, false);
}, { skip: NEEDS_CGROUP });

claim("a variable may be bytes that are no text", async () => {
  const value = new Uint8Array([0x61, 0xff, 0x3d, 0xc3]);
  const child = spawn({ command: "printenv", args: ["V"], env: { V: value, W: "text" }, stdout: "piped" });
  assertEquals(await new Response(child.stdout).bytes(), new Uint8Array([...value, 0x0a]));
  await child.status;
  assertThrows(() => spawn({ command: "true", env: { V: new Uint8Array([0]) } }), TypeError, "cannot contain a NUL");
});
