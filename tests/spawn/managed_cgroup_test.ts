import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { spawn } from "../../src/spawn/mod.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { lives, OwnManager, script } from "./managed.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";

/** Where a hierarchy of cgroup v1 is mounted that a test may make groups in. */
const VERSION_1 = Deno.readTextFileSync("/proc/self/mountinfo").split("\n")
  .find((line) => / - cgroup .*\b(pids|freezer)\b/.test(line))?.split(" ")[4];

const NEEDS_VERSION_1 = Deno.uid() !== 0 ? "needs root" : VERSION_1 === undefined && "cgroup v1 is mounted nowhere";

claim("a paused process is put into a control group before its first instruction", async () => {
  await using group = new OwnCgroup();
  await using own = new OwnManager();
  for (const directory of [group.path, group.name]) {
    own.lines.length = 0;
    const process = own.manager.start(script("grep ^0: /proc/self/cgroup", { paused: true }));
    process.joinCgroup(directory);
    process.resume();
    await process.status;
    assertEquals(own.texts, [`0::/${group.name}`]);
  }
}, { skip: NEEDS_CGROUP });

claim("a control group of version 1 can be joined as well", async () => {
  const directory = `${VERSION_1}/ipcx-${crypto.randomUUID()}`;
  Deno.mkdirSync(directory);
  try {
    await using own = new OwnManager();
    const process = own.manager.start(script("cat /proc/self/cgroup", { paused: true }));
    process.joinCgroup(directory);
    process.resume();
    await process.status;
    const [name] = directory.split("/").slice(-1);
    assert(own.texts.some((line) => line.endsWith(`:/${name}`)), own.texts.join("\n"));
  } finally {
    await until(() => {
      try {
        Deno.removeSync(directory);
        return true;
      } catch {
        return false; // A zombie counts for a moment longer.
      }
    }, "the cgroup stays");
  }
}, { skip: NEEDS_VERSION_1 });

claim("a control group that is not there is an error, and so is an end before", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("exit 0", { identifier: "x", paused: true }));
  assertThrows(() => process.joinCgroup("/nowhere"), Deno.errors.NotFound, "/nowhere/cgroup.procs");
  process.resume();
  await process.status;
  assertThrows(() => process.joinCgroup("/nowhere"), Error, "'x' has ended");
});

claim("in a control group of its own nobody can flee from its end", async () => {
  await using group = new OwnCgroup();
  await using own = new OwnManager({ grace: 10 });
  for (const ending of ["exit 3", "trap '' TERM; sleep 1000"]) {
    own.lines.length = 0;
    const process = own.manager.start(script(`setsid sleep 1000 & echo $!; ${ending}`, { cgroup: group.path }));
    await until(() => own.texts.length > 0, "nobody has fled");
    await process.stop();
    await until(() => !lives(Number(own.texts[0])), "who has fled lives on");
  }
}, { skip: NEEDS_CGROUP });

claim("others in a control group that a process was started in live on", async () => {
  await using group = new OwnCgroup();
  await using own = new OwnManager({ grace: 10 });
  const other = own.manager.start(script("exec sleep 1000", { cgroup: group.path }));
  const guest = own.manager.start(script("trap '' TERM; echo set; sleep 1000", { cgroup: group.path }));
  await own.says("set");
  assertEquals((await guest.stop())!.signal, "SIGKILL");
  // Who was killed with the guest is there for a moment longer.
  await until(() => `${group.members}` === `${other.pid}`, "somebody else is in it");
  assertEquals(other.state, "running");
}, { skip: NEEDS_CGROUP });

claim("a control group in which everybody was killed can be used again", async () => {
  await using group = new OwnCgroup();
  for (let round = 0; round < 3; round++) {
    const child = spawn({ command: "true", cgroup: group.path });
    assertEquals((await child.status).code, 0);
    Deno.writeTextFileSync(`${group.path}/cgroup.kill`, "1");
    const error = assertThrows(() => spawn({ command: "/nowhere", cgroup: group.path }), SystemError);
    assertEquals([error.syscall, error.code], ["execve", "ENOENT"]);
  }
}, { skip: NEEDS_CGROUP });
