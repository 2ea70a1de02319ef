import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { type ChildProcess, spawn } from "../../src/spawn/mod.ts";
import { isAlive, runProgram, until, within } from "../cli/program.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";
import { childrenOf, outputOf } from "./output.ts";
import { ownProgram } from "./own_program.ts";

/** Where the kernel is told which number the last process had. */
const NEXT_NUMBER = "/proc/sys/kernel/ns_last_pid";

/** A process with a child, which says both pids; the child may lead a session of its own. */
function tree(begin = ""): { command: string; args: string[] } {
  return { command: "sh", args: ["-c", `${begin} sleep 1000 & echo $!; exec sleep 1000`] };
}

claim("the exit status is told, each of them", async () => {
  for (const code of [0, 1, 7, 126, 127, 128, 255]) {
    const { success, signal, code: seen } = await spawn({ command: "sh", args: ["-c", `exit ${code}`] }).status;
    assertEquals([seen, success, signal], [code, code === 0, null]);
  }
});

claim("the signal that ended it is told, and 128 more as its status", async () => {
  for (const [signal, number] of [["SIGTERM", 15], ["SIGKILL", 9], ["SIGHUP", 1], ["SIGUSR1", 10]] as const) {
    const child = spawn({ command: "sleep", args: ["1000"] });
    assertEquals(child.kill(signal), true);
    const status = await child.status;
    assertEquals([status.signal, status.code, status.success], [signal, 128 + number, false]);
  }
  const child = spawn({ command: "sleep", args: ["1000"] });
  child.kill(34);
  assertEquals((await child.status).signal, "SIG34");
});

claim("who catches a signal ends as it likes", async () => {
  const child = spawn({
    command: "sh",
    args: ["-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 1000 & wait; done"],
    stdout: "piped",
    processGroup: true,
  });
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill();
  const { code, signal } = await within(child.status, "it goes on");
  assertEquals([code, signal], [7, null]);
  child.killTree();
  await reader.cancel();
});

claim("what a process has used is told", async () => {
  const began = performance.now();
  const busy =
    "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\nx = bytearray(50_000_000)";
  const { status } = await outputOf({ command: "/usr/bin/python3", args: ["-Sc", busy] });
  const elapsed = (performance.now() - began) * 1000;
  const { userTime, systemTime, maxRss, minorFaults } = status.usage;
  assert(userTime > 0 && userTime + systemTime >= 150_000, `${userTime} + ${systemTime} µs`);
  assert(userTime + systemTime <= elapsed + 20_000, `${userTime} + ${systemTime} of ${elapsed} µs`);
  assert(maxRss >= 50_000_000 / 1024, `${maxRss} KiB`);
  assert(minorFaults > 100, `${minorFaults} faults`);
  const idle = (await spawn({ command: "sleep", args: ["0.1"] }).status).usage;
  assert(idle.userTime + idle.systemTime < 90_000, `${idle.userTime} + ${idle.systemTime} µs`);
  assert(idle.voluntarySwitches >= 1);
});

claim("a process that has ended gets no signal, and its pidfd is closed", async () => {
  const child = spawn({ command: "true", processGroup: true });
  assertEquals(child.hasEnded, false);
  assert(child.pidfd.isOpen);
  await child.status;
  assertEquals(child.hasEnded, true);
  assertEquals([child.kill(), child.kill("SIGKILL"), child.killTree()], [false, false, false]);
  assertThrows(() => child.pidfd, ClosedError);
  assertThrows(() => child.kill("SIGNOTHING"), TypeError, "there is no signal 'SIGNOTHING'");
  for (const number of [0, 65, -1]) assertThrows(() => child.kill(number), TypeError, `there is no signal '${number}'`);
});

claim("it is reaped though nobody looks at its status", async () => {
  const { pid } = spawn({ command: "true" });
  await until(() => !childrenOf(Deno.pid).includes(pid), "a zombie is left");
});

claim("its status is told to everybody who asks, early or late", async () => {
  const child = spawn({ command: "sh", args: ["-c", "exit 3"] });
  const early = [child.status, child.status.then(({ code }) => code)];
  const [first, second] = await Promise.all(early);
  assertEquals([first, second], [await child.status, 3]);
});

claim("the whole process group is killed, or gets another signal", async () => {
  for (const signal of ["SIGKILL", "SIGTERM"]) {
    const child = spawn({ ...tree(), processGroup: true, stdout: "piped" });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const grandchild = Number((await reader.read()).value);
    assert(isAlive(grandchild));
    assertEquals(child.killTree(signal), true);
    assertEquals((await child.status).signal, signal);
    await until(() => !isAlive(grandchild), "the grandchild lives on");
    await reader.cancel();
  }
});

claim("what came of a process in its group is killed even after its own end", async () => {
  const child = spawn({ command: "sh", args: ["-c", "sleep 1000 & echo $!"], processGroup: true, stdout: "piped" });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const grandchild = Number((await reader.read()).value);
  assertEquals((await child.status).code, 0);
  assert(isAlive(grandchild));
  assertEquals(child.killTree(), true);
  await until(() => !isAlive(grandchild), "the grandchild lives on");
  await reader.cancel();
});

claim("nobody is killed who only has the number of a process that has ended", async () => {
  const child = spawn({ command: "true", processGroup: true });
  await child.status;
  let other: ChildProcess | undefined;
  await until(() => {
    other?.kill("SIGKILL");
    Deno.writeTextFileSync(NEXT_NUMBER, `${child.pid - 1}`);
    other = spawn({ command: "sleep", args: ["1000"], processGroup: true });
    return other.pid === child.pid;
  }, "nobody gets the number");
  assertEquals(child.killTree(), false);
  other!.kill("SIGTERM");
  assertEquals((await other!.status).signal, "SIGTERM");
}, { skip: NEEDS_ROOT || !existsSync(NEXT_NUMBER) && `there is no ${NEXT_NUMBER}` });

claim("what is left of a process's group ends with it, if that is wished", async () => {
  const child = spawn({ ...tree(), processGroup: true, stdout: "piped" });
  child.killRestAtEnd();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const grandchild = Number((await reader.read()).value);
  child.kill();
  assertEquals((await child.status).signal, "SIGTERM");
  await until(() => !isAlive(grandchild), "the grandchild lives on");
  await reader.cancel();
});

claim("without a group of its own nobody else is killed with it", async () => {
  const child = spawn({ command: "sleep", args: ["1000"] });
  const message = "it has no process group of its own: start it with processGroup or newSession";
  assertThrows(() => child.killTree(), TypeError, message);
  assertThrows(() => child.killTree("SIGTERM"), TypeError, message);
  assertThrows(() => child.killRestAtEnd(), TypeError, message);
  child.kill("SIGKILL");
  await child.status;
});

claim("a cgroup is killed with all who are in it, those with sessions of their own included", async () => {
  await using cgroup = new OwnCgroup();
  const child = spawn({ ...tree("setsid"), cgroup: cgroup.name, stdout: "piped" });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  await until(() => cgroup.members.length === 2, "there are not two");
  assertEquals(child.cgroup, cgroup.path);
  assertEquals(child.killTree(), true);
  assertEquals((await child.status).signal, "SIGKILL");
  await until(() => cgroup.members.length === 0, "somebody lives on");
  await reader.cancel();
}, { skip: NEEDS_CGROUP });

claim("a cgroup that others were in is not killed with a process", async () => {
  await using cgroup = new OwnCgroup();
  const other = spawn({ command: "sleep", args: ["1000"], cgroup: cgroup.name });
  assertEquals(other.cgroup, cgroup.path);
  const child = spawn({ ...tree(), cgroup: cgroup.name, processGroup: true, stdout: "null" });
  assertEquals(child.cgroup, undefined);
  child.killTree();
  assertEquals((await child.status).signal, "SIGKILL");
  await until(() => cgroup.members.length === 1, "the group lives on");
  assertEquals(other.hasEnded, false);
  other.kill("SIGKILL");
  await other.status;
}, { skip: NEEDS_CGROUP });

claim("a cgroup that others came to is not killed with whom it was made for, by whatever path they came", async () => {
  await using cgroup = new OwnCgroup();
  const child = spawn({ ...tree(), cgroup: cgroup.name, processGroup: true, stdout: "null" });
  child.killRestAtEnd();
  assertEquals(child.cgroup, cgroup.path);
  const other = spawn({ command: "sleep", args: ["1000"], cgroup: `${cgroup.path}/.` });
  assertEquals([child.cgroup, other.cgroup], [undefined, undefined]);
  child.killTree();
  assertEquals((await child.status).signal, "SIGKILL");
  await until(() => cgroup.members.length === 1, "its group lives on");
  other.kill("SIGTERM");
  assertEquals((await other.status).signal, "SIGTERM");
}, { skip: NEEDS_CGROUP });

claim("who is reaped by somebody else has no status, which stops nobody who does not ask", async () => {
  const libc = Deno.dlopen("libc.so.6", { waitpid: { parameters: ["i32", "pointer", "i32"], result: "i32" } });
  const [asked, ignored] = [1, 2].map(() => spawn({ command: "true" }));
  for (const { pid } of [asked, ignored]) assertEquals(libc.symbols.waitpid(pid, null, 0), pid);
  libc.close();
  const error = await assertRejects(() => asked.status, SystemError);
  assertEquals([error.syscall, error.code, error.pid], ["waitid", "ECHILD", asked.pid]);
  await until(() => ignored.hasEnded, "its end is not noticed");
});

claim("how it ends is told although whoever has started us ignores that children end", async () => {
  const program = ownProgram("wait.ts");
  const { out, err } = await runProgram([...program, "ref"], { through: ["sh", "-c", 'trap "" CHLD; exec "$@"', "-"] });
  assertEquals([out, err], ["ended with 7\n", ""]);
});

claim("a program waits for its processes unless it is told not to", async () => {
  const wait = ownProgram("wait.ts");
  const [waits, leaves, returns, leavesPipes, returnsToPipes] = await Promise.all(
    ["ref", "unref", "unref ref", "piped unref", "piped unref ref"].map(async (words) => {
      const { out, err, status } = await runProgram([...wait, ...words.split(" ")]);
      assertEquals([status, err], [0, ""]);
      return out;
    }),
  );
  assertEquals([waits, leaves, returns], ["ended with 7\n", "", "ended with 7\n"]);
  assertEquals([leavesPipes, returnsToPipes], ["", "ended with 7\n"]);
});
