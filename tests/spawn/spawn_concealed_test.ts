import { assertEquals } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { told } from "./output.ts";
import { ALL_KINDS, Target } from "./target.ts";

const skip = NEEDS_ROOT;

/** Root as containers have it: with few capabilities, here with none. */
const POOR_ROOT = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];

/** Whether such a root may reach the file of a running program, which it could write to later. */
async function isOpenToPoorRoot(options: Partial<SpawnOptions>): Promise<boolean> {
  const child = spawn({ command: "cat", stdin: "piped", ...options });
  try {
    const { status } = await runProgram([...POOR_ROOT, "readlink", `/proc/${child.pid}/exe`]);
    return status === 0;
  } finally {
    await child.stdin.close();
    await child.status;
  }
}

claim("root with few capabilities can look into a program that has none, as usual", async () => {
  assertEquals(await isOpenToPoorRoot({ dropCapabilities: ["ALL"] }), true);
}, { skip });

claim("a program of the caller's in another pid namespace is closed to root there", async () => {
  await using target = await Target.start(["mnt", "pid"]);
  const closed: Partial<SpawnOptions>[] = [
    { namespaces: { target: target.pid, mnt: true, pid: true }, local: true },
    { namespaces: { target: target.pid, mnt: true, pid: true }, local: true, dropCapabilities: ["ALL"] },
    { namespaces: { target: target.pid, pid: true } },
    { namespaces: { target: target.pid, pid: true }, dropCapabilities: ["ALL"] },
  ];
  for (const options of closed) assertEquals(await isOpenToPoorRoot(options), false, JSON.stringify(options));
}, { skip });

claim("a program that is concealed is the same as any other would be: its path counts from its directory", async () => {
  await using target = await Target.start(["pid"]);
  using directory = new OwnDirectory();
  const [here, there] = ["here", "there"].map((name) => directory.file(name));
  for (const folder of [here, there]) {
    Deno.mkdirSync(`${folder}/in`, { recursive: true });
    for (const place of [folder, `${folder}/in`]) {
      Deno.writeTextFileSync(`${place}/who`, `#!/bin/sh\necho ${place}\n`, { mode: 0o755 });
    }
  }
  const before = Deno.cwd();
  Deno.chdir(here);
  try {
    for (const dropCapabilities of [[], ["ALL"]]) {
      const options = { command: "./who", namespaces: { pid: target.pid }, dropCapabilities };
      assertEquals(await told(options), here);
      assertEquals(await told({ ...options, wd: there }), there);
      assertEquals(await told({ ...options, wd: "in" }), `${here}/in`);
      assertEquals(await told({ ...options, wdns: "in" }), `${here}/in`);
      assertEquals(await told({ ...options, wd: there, wdns: "in" }), `${there}/in`);
      assertEquals(await told({ ...options, wd: there, wdns: here }), here);
    }
  } finally {
    Deno.chdir(before);
  }
}, { skip });

claim("who becomes another user while loaded may still look into itself", async () => {
  await using target = await Target.start(ALL_KINDS.filter((kind) => kind !== "user"));
  for (const local of [false, true]) {
    const child = spawn({
      command: "sh",
      args: ["-c", "exec 5</proc/$$/environ && echo it is mine"],
      namespaces: { target: target.pid, mnt: true },
      local,
      uid: 65534,
      stdout: "piped",
    });
    assertEquals(await new Response(child.stdout).text(), "it is mine\n", `local: ${local}`);
    await child.status;
  }
}, { skip });
