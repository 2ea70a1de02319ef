import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Fd } from "../../src/core/fd.ts";
import { check } from "../../src/core/errors.ts";
import { native } from "../../src/core/native.ts";
import { type NamespaceKind, type Namespaces, spawn } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { until } from "../cli/program.ts";
import { missing } from "./compiled.ts";
import { refusal, shell, told } from "./output.ts";
import { ALL_KINDS, Target } from "./target.ts";

const skip = NEEDS_ROOT;

/** All but the user namespace, which changes who may do what. */
const PLAIN_KINDS = ALL_KINDS.filter((kind) => kind !== "user");

/** In which namespaces a process finds itself, in the order of `ALL_KINDS`. */
async function seen(namespaces: Namespaces): Promise<string[]> {
  const files = ALL_KINDS.map((kind) => `/proc/self/ns/${kind}`);
  return (await told({ command: "readlink", args: files, namespaces })).split("\n");
}

const own = ALL_KINDS.map((kind) => Deno.readLinkSync(`/proc/self/ns/${kind}`));

/** What should be seen where only some namespaces are the target's. */
function expected(target: Target, kinds: readonly NamespaceKind[]): string[] {
  return ALL_KINDS.map((kind, at) => kinds.includes(kind) ? target.namespace(kind) : own[at]);
}

claim("each kind of namespace is joined alone: by file, by pid, by target", async () => {
  await using target = await Target.start(ALL_KINDS);
  for (const kind of ALL_KINDS) {
    assertNotEquals(target.namespace(kind), own[ALL_KINDS.indexOf(kind)]);
    const ways: Namespaces[] = [
      { [kind]: target.file(kind) },
      { [kind]: target.pid },
      { [kind]: `${target.pid}` },
      { [kind]: true, target: target.pid },
    ];
    for (const way of ways) assertEquals(await seen(way), expected(target, [kind]), JSON.stringify(way));
  }
}, { skip });

claim("all namespaces are joined together, or all but some that are another's", async () => {
  await using target = await Target.start(ALL_KINDS);
  await using other = await Target.start(["net", "uts"]);
  assertEquals(await seen({ target: target.pid, all: true }), expected(target, ALL_KINDS));
  const files = Object.fromEntries(ALL_KINDS.map((kind) => [kind, target.file(kind)]));
  assertEquals(await seen(files), expected(target, ALL_KINDS));
  await using plain = await Target.start(PLAIN_KINDS);
  const mixed = await seen({ target: plain.pid, all: true, net: other.pid, uts: other.file("uts") });
  assertEquals(mixed, [
    ...ALL_KINDS.map((kind) => (kind === "net" || kind === "uts" ? other : plain).namespace(kind)),
  ]);
}, { skip });

claim("a process sees the host name, the interfaces and the clock of where it is", async () => {
  await using target = await Target.start(["uts", "net", "time"], { setting: ["hostname", "ipcx-elsewhere"] });
  assertEquals(await shell("cat /proc/sys/kernel/hostname", { namespaces: { uts: target.pid } }), "ipcx-elsewhere");
  const interfaces = "tail -n +3 /proc/net/dev | cut -d: -f1";
  assertEquals((await shell(interfaces, { namespaces: { net: target.pid } })).trim(), "lo");
  const offsets = await shell("cat /proc/self/timens_offsets", { namespaces: { time: target.pid } });
  assert(/^monotonic +1000000 /m.test(offsets), offsets);
}, { skip });

claim("in a pid namespace a process has a pid of its own, and both are told", async () => {
  await using target = await Target.start(["pid"]);
  const child = spawn({ command: "cat", stdin: "piped", stdout: "null", namespaces: { pid: target.pid } });
  const [, outer, inner] = /^NSpid:\t(\d+)\t(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${child.pid}/status`))!;
  assertEquals([child.pid, child.ownPid], [Number(outer), Number(inner)]);
  assertNotEquals(child.pid, child.ownPid);
  const parent = /^PPid:\t(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${child.pid}/status`))![1];
  assertEquals(Number(parent), Deno.pid);
  await child.stdin.close();
  assertEquals((await child.status).code, 0);
}, { skip });

claim("namespaces that the caller is in already are no obstacle", async () => {
  assertEquals(await seen({ target: Deno.pid, all: true }), own);
  assertEquals(await seen({ user: "/proc/self/ns/user", pid: "/proc/self/ns/pid" }), own);
  await using target = await Target.start(["net"]);
  assertEquals(await seen({ target: target.pid, all: true }), expected(target, ["net"]));
}, { skip });

claim("a process is named by its pid and the inode of its pidfd, so that no later one is meant", async () => {
  await using target = await Target.start(["net"]);
  using pidfd = new Fd(check(native.ipcx_pidfd_open(target.pid), "pidfd_open"));
  const inode = Deno.statSync(`/proc/self/fd/${pidfd.number}`).ino!;
  assertEquals(await seen({ net: true, target: `${target.pid}:${inode}` }), expected(target, ["net"]));
  assertEquals(await seen({ net: `${target.pid}:${inode}` }), expected(target, ["net"]));
  const error = refusal({ command: "true", namespaces: { net: `${target.pid}:${inode + 1}` } });
  assertEquals(
    [error.code, error.message],
    [
      "ESRCH",
      `pidfd_open ${target.pid}:${inode + 1} (that pid is another process's by now): No such process (ESRCH)`,
    ],
  );
}, { skip });

claim("a target that has ended is told, whether or not it was reaped", async () => {
  const gone = await Target.start(["net"]);
  await gone.kill();
  await gone[Symbol.asyncDispose]();
  const error = refusal({ command: "true", namespaces: { net: gone.pid } });
  assertEquals(error.message, `pidfd_open (pid ${gone.pid}): No such process (ESRCH)`);
  assertEquals(refusal({ command: "true", namespaces: { net: gone.file("net") } }).code, "ENOENT");

  // Its parent has become a program that does not reap.
  const script = "sleep 1000 </dev/null >/dev/null & echo $!; exec cat";
  const parent = new Deno.Command("sh", { args: ["-c", script], stdin: "piped", stdout: "piped" }).spawn();
  const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const zombie = Number((await reader.read()).value);
  await until(() => Deno.readTextFileSync(`/proc/${parent.pid}/comm`) === "cat\n", "the parent is no cat");
  Deno.kill(zombie, "SIGKILL");
  await until(() => /^State:\tZ/m.test(Deno.readTextFileSync(`/proc/${zombie}/status`)), "it does not end");
  for (
    const namespaces of [{ net: zombie }, { target: zombie, all: true }, { target: zombie, all: true, pid: Deno.pid }]
  ) {
    const { code, message } = refusal({ command: "true", namespaces });
    assertEquals(code, "ESRCH", message);
    assert(message.includes(`/proc/${zombie}/ns/`), message);
  }
  await parent.stdin.close();
  await reader.cancel();
  await parent.status;
}, { skip });

claim("a file of another kind of namespace, or of none, is refused by name", async () => {
  await using target = await Target.start(["net"]);
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("plain"), "");
  const cases: [Namespaces, string][] = [
    [{ mnt: target.file("net") }, `${target.file("net")} is of a net namespace, not of a mnt namespace`],
    [{ net: "/proc/self/ns/uts" }, "/proc/self/ns/uts is of a uts namespace, not of a net namespace"],
    [{ user: directory.file("plain") }, `${directory.file("plain")} is no namespace, not of a user namespace`],
    [{ net: directory.path }, `${directory.path} is no namespace, not of a net namespace`],
    [{ net: "/dev/null" }, "/dev/null is no namespace, not of a net namespace"],
    [{ mnt: true }, "whose mnt namespace? name a file, a pid, or a target"],
    [{ all: true }, "whose user namespace? name a file, a pid, or a target"],
    [{ net: 0 }, "'0' is no process: write PID or PID:INODE"],
    [{ net: -1 }, "'-1' is no process: write PID or PID:INODE"],
    [{ target: "me", net: true }, "'me' is no process: write PID or PID:INODE"],
  ];
  for (const [namespaces, message] of cases) {
    assertEquals(assertThrows(() => spawn({ command: "true", namespaces }), TypeError).message, message);
  }
  const absent = refusal({ command: "true", namespaces: { ipc: directory.file("none") } });
  assertEquals(absent.message, `open ${directory.file("none")} (ipc namespace): No such file or directory (ENOENT)`);
  const unnamed = refusal({ command: "true", namespaces: { net: "ipcx-none" } });
  assertEquals(unnamed.message, "open /run/netns/ipcx-none (net namespace): No such file or directory (ENOENT)");
}, { skip });

claim("a network namespace is found by the name that ip netns gave it", async () => {
  const name = `ipcx-${crypto.randomUUID()}`;
  await told({ command: "ip", args: ["netns", "add", name] });
  try {
    const [bare, full] = [await seen({ net: name }), await seen({ net: `/run/netns/${name}` })];
    assertEquals(bare, full);
    assertEquals(bare.map((namespace, at) => namespace === own[at]), ALL_KINDS.map((kind) => kind !== "net"));
  } finally {
    await told({ command: "ip", args: ["netns", "del", name] });
  }
}, { skip: skip || missing("ip") });

claim("a pid namespace whose first process is dead takes nobody, and the error says why", async () => {
  const target = await Target.start(["pid", "net"]);
  using held = new Fd(check(native.ipcx_open_path(new TextEncoder().encode(`${target.file("pid")}\0`), 4), "open"));
  await target.kill();
  await target[Symbol.asyncDispose]();
  const pid = `/proc/self/fd/${held.number}`;
  const error = refusal({ command: "true", namespaces: { pid } });
  assertEquals([error.syscall, error.code], ["clone3", "ENOMEM"]);
  assert(error.message.includes(`${pid} (pid namespace)`), error.message);
  assert(error.message.includes("the first process of the pid namespace has ended"), error.message);
}, { skip });

claim("a pid namespace above the caller's cannot be joined, and the error says so", async () => {
  await using target = await Target.start(["pid"]);
  const child = await told({
    command: "nsenter",
    args: ["--target", `${target.pid}`, "--pid", "--", Deno.execPath(), "run", "-A", "--quiet", "--no-lock"].concat(
      `${import.meta.dirname}/programs/join.ts`,
      JSON.stringify({ pid: `/proc/${Deno.pid}/ns/pid` }),
    ),
  });
  const { code, message } = JSON.parse(child);
  assertEquals(code, "EINVAL");
  assert(message.includes(`setns /proc/${Deno.pid}/ns/pid (pid namespace): `), message);
  assert(message.includes("only one's own pid namespace and those below it can be joined"), message);
}, { skip });
