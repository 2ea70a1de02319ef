import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { check } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { native } from "../../src/core/native.ts";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { within } from "../cli/program.ts";
import { compiled } from "./compiled.ts";
import { look, refusal, told } from "./output.ts";
import { Target } from "./target.ts";

const skip = NEEDS_ROOT;

/** A pseudo-terminal: the master, and the terminal. */
function openTerminal(): [Fd, Fd] {
  const ends = new Int32Array(2);
  check(native.ipcx_terminal(0, ends), "open", { address: "/dev/ptmx" });
  return [new Fd(ends[0]), new Fd(ends[1])];
}

/** Session, process group and foreground process group of a process, and its controlling terminal. */
async function belonging(options: Partial<SpawnOptions>): Promise<Record<string, number>> {
  const stat = await told({ command: "cat", args: ["/proc/self/stat"], ...options });
  const [pid] = stat.split(" ").map(Number);
  const [, , , group, session, terminal, foreground] = stat.slice(stat.lastIndexOf(")") + 1).split(" ").map(Number);
  return { pid, group, session, terminal, foreground };
}

claim("without anything said a process stays in the caller's session and group", async () => {
  const own = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /s, "").split(" ").map(Number);
  const { pid, group, session } = await belonging({});
  assertEquals([group, session], [own[2], own[3]]);
  assertNotEquals(group, pid);
});

claim("a process leads a group of its own, or a session", async () => {
  const inGroup = await belonging({ processGroup: true });
  assertEquals(inGroup.group, inGroup.pid);
  assertNotEquals(inGroup.session, inGroup.pid);
  const inSession = await belonging({ newSession: true });
  assertEquals([inSession.group, inSession.session, inSession.terminal], [inSession.pid, inSession.pid, 0]);
});

claim("a process leads a session in another pid namespace, too", async () => {
  await using target = await Target.start(["pid", "mnt"]);
  for (const local of [false, true]) {
    const namespaces = { target: target.pid, all: true };
    const { pid, group, session } = await look({ command: compiled("look.c"), namespaces, local, newSession: true });
    assertEquals([group, session], [pid, pid]);
  }
}, { skip });

claim("a terminal is the process's controlling one, and its standard streams", async () => {
  const [master, terminal] = openTerminal();
  const { pid, group, session, terminal: number, foreground } = await belonging({ terminal });
  assertEquals([group, session, foreground], [pid, pid, pid]);
  const { rdev } = Deno.statSync(`/proc/self/fd/${terminal.number}`);
  // The high bits of the minor number stand above the major number.
  assertEquals(number & 0xfffff, rdev! & 0xfffff);
  const script = "test -t 0 && test -t 1 && test -t 2 && : </dev/tty && stty size && exit 7";
  const child = spawn({ command: "sh", args: ["-c", script], terminal });
  assertEquals((await child.status).code, 7);
  for (const fd of [master, terminal]) fd.close();
});

claim("a terminal serves in a target's namespaces, where it has no name", async () => {
  await using target = await Target.start(["mnt", "pid"]);
  const [master, terminal] = openTerminal();
  for (const local of [false, true]) {
    const child = spawn({
      command: "sh",
      args: ["-c", "test -t 0 && : </dev/tty && exit 7"],
      terminal,
      namespaces: { target: target.pid, all: true },
      local,
    });
    assertEquals((await child.status).code, 7);
  }
  for (const fd of [master, terminal]) fd.close();
}, { skip });

claim("who closes the master hangs up on the process", async () => {
  const [master, terminal] = openTerminal();
  const child = spawn({ command: "sleep", args: ["1000"], terminal });
  terminal.close();
  master.close();
  assertEquals((await within(child.status, "it sleeps on")).signal, "SIGHUP");
});

claim("what is no terminal is refused, and so is another session's", async () => {
  using file = new Fd(check(native.ipcx_open_path(new TextEncoder().encode("/dev/null\0"), 4), "open"));
  const none = refusal({ command: "true", terminal: file, stdout: "null", stderr: "null" });
  assertEquals([none.syscall, none.code], ["ioctl", "ENOTTY"]);
  assert(none.message.includes("the terminal"), none.message);
  const [master, terminal] = openTerminal();
  const owner = spawn({ command: "sleep", args: ["1000"], terminal });
  const taken = refusal({ command: "true", terminal, namespaces: {}, dropCapabilities: [], uid: undefined });
  assertEquals([taken.syscall, taken.code], ["ioctl", "EPERM"]);
  assert(taken.message.includes("it is another session's already"), taken.message);
  owner.kill("SIGKILL");
  await owner.status;
  for (const fd of [master, terminal]) fd.close();
});
