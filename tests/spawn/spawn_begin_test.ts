import { assert, assertEquals } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { runProgram, until, within } from "../cli/program.ts";
import { compiled } from "./compiled.ts";
import { Elsewhere } from "./elsewhere.ts";
import { told } from "./output.ts";
import { ownProgram } from "./own_program.ts";

const skip = NEEDS_ROOT;

function stateOf(pid: number): string {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat[stat.lastIndexOf(")") + 2];
}

claim("a paused process has not begun, until it is told to go on", async () => {
  using directory = new OwnDirectory();
  await using there = await Elsewhere.start(["mnt", "pid"]);
  const namespaces = { target: there.target.pid, all: true };
  const ways: [Partial<SpawnOptions>, string][] = [
    [{}, directory.file("plain")],
    [{ uid: 1234, gid: 1234, newSession: true }, directory.file("user")],
    [{ namespaces: { pid: there.target.pid } }, directory.file("pid")],
    [{ namespaces, local: true }, "/local"],
  ];
  Deno.chmodSync(directory.path, 0o777);
  for (const [more, path] of ways) {
    const evidence = path === "/local" ? `${there.root}/local` : path;
    const child = spawn({ command: compiled("look.c"), args: ["touch", path], stdout: "null", paused: true, ...more });
    await until(() => stateOf(child.pid) === "T", "it is not stopped");
    assertEquals(
      Array.from(Deno.readDirSync(evidence.replace(/\/\w+$/, ""))).some((it) => evidence.endsWith(it.name)),
      false,
    );
    assertEquals(child.hasEnded, false);
    assertEquals(child.kill("SIGCONT"), true);
    assertEquals((await within(child.status, "it does not go on")).code, 0);
    assert(Deno.statSync(evidence).isFile);
  }
}, { skip });

claim("a paused script has not begun", async () => {
  using directory = new OwnDirectory();
  await using there = await Elsewhere.start();
  Deno.writeTextFileSync(directory.file("script"), "#!/bin/sh\n>/sub/evidence\n", { mode: 0o755 });
  const namespaces = { mnt: there.target.pid };
  const child = spawn({ command: directory.file("script"), namespaces, local: true, paused: true });
  await until(() => stateOf(child.pid) === "T", "it is not stopped");
  assertEquals(Array.from(Deno.readDirSync(`${there.root}/sub`)), []);
  child.kill("SIGCONT");
  assertEquals((await within(child.status, "it does not go on")).code, 0);
  assertEquals(Array.from(Deno.readDirSync(`${there.root}/sub`)).length, 1);
}, { skip });

claim("a paused process is killed like any other", async () => {
  const child = spawn({ command: "sleep", args: ["1000"], paused: true });
  assertEquals(child.kill("SIGKILL"), true);
  assertEquals((await within(child.status, "it stays")).signal, "SIGKILL");
  const patient = spawn({ command: "sleep", args: ["1000"], paused: true });
  patient.kill("SIGTERM");
  patient.kill("SIGCONT");
  assertEquals((await within(patient.status, "it stays")).signal, "SIGTERM");
});

/** What is ignored and what is blocked in a process that one of ours starts, after `trap` in its parent. */
async function dispositions(trap: string): Promise<[ignored: bigint, blocked: bigint, caught: bigint]> {
  const command = ownProgram("join.ts");
  const more = { command: "cat", args: ["/proc/self/status"] };
  const through = ["sh", "-c", `${trap}exec "$@"`, "-"];
  const { out, err } = await runProgram([...command, "{}", JSON.stringify(more)], { through });
  assertEquals(err, "");
  const status: string = JSON.parse(out).out;
  const set = (name: string): bigint => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)![1]}`);
  // Of 32 and 33, the C library's own, posix_spawn(3) leaves one ignored in every child.
  return [set("SigIgn") & ~(3n << 31n), set("SigBlk"), set("SigCgt")];
}

claim("a process blocks and catches no signal, and ignores what the caller was started with", async () => {
  const [none, hangup, two, pipe] = await Promise.all([
    dispositions(""),
    dispositions("trap '' HUP; "),
    dispositions("trap '' INT QUIT; "),
    dispositions("trap '' PIPE; "),
  ]);
  assertEquals(none, [0n, 0n, 0n]);
  assertEquals(hangup, [1n, 0n, 0n]);
  assertEquals(two, [6n, 0n, 0n]);
  // That one is the runtime's business: it ignores it for itself.
  assertEquals(pipe, [0n, 0n, 0n]);
});

claim("a signal that the caller handles is at its default in the process", async () => {
  const handler = (): void => {};
  Deno.addSignalListener("SIGUSR1", handler);
  Deno.addSignalListener("SIGTERM", handler);
  try {
    const child = spawn({ command: "sleep", args: ["1000"] });
    child.kill("SIGUSR1");
    assertEquals((await child.status).signal, "SIGUSR1");
    const status = await told({ command: "cat", args: ["/proc/self/status"] });
    assertEquals(status.match(/^Sig(Cgt|Blk):\s*0{16}$/gm)?.length, 2, status);
  } finally {
    Deno.removeSignalListener("SIGUSR1", handler);
    Deno.removeSignalListener("SIGTERM", handler);
  }
});
