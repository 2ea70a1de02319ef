import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { compiled, missing } from "../spawn/compiled.ts";
import { Elsewhere, MARKER } from "../spawn/elsewhere.ts";
import { told as spawnTold } from "../spawn/output.ts";
import { ALL_KINDS, Target } from "../spawn/target.ts";
import { IPCX, ROOT, runProgram } from "./program.ts";
import { look, spawned, told, withOpen } from "./spawning.ts";

const skip = NEEDS_ROOT;
const SHORT = { mnt: "-m", pid: "-p", net: "-n", ipc: "-i", uts: "-u", user: "-U", cgroup: "-C", time: "-T" } as const;
const LINKS = ALL_KINDS.map((kind) => `/proc/self/ns/${kind}`);

/** The namespaces that a CMD is in. */
async function seen(args: readonly string[]): Promise<string[]> {
  return (await told([...args, "readlink", ...LINKS])).split("\n");
}

function own(): string[] {
  return LINKS.map((path) => Deno.readLinkSync(path));
}

claim("ipcx spawn --net=/proc/N/ns/net --keep-fd=3 cmd", async () => {
  await using target = await Target.start(["net"]);
  const through = withOpen({ 3: `${ROOT}LICENSE` });
  const cmd = ["sh", "-c", "readlink /proc/self/ns/net; head -n 1 <&3"];
  const out = await told([`--net=/proc/${target.pid}/ns/net`, "--keep-fd=3", ...cmd], { through });
  assertEquals(out.split("\n"), [target.namespace("net"), Deno.readTextFileSync(`${ROOT}LICENSE`).split("\n")[0]]);
}, { skip });

claim("each namespace is joined by a file, a pid, PID:INODE, or the target's, and no other one", async () => {
  await using target = await Target.start(ALL_KINDS);
  for (const [at, kind] of ALL_KINDS.entries()) {
    const ways = [[`--${kind}=${target.file(kind)}`], [`${SHORT[kind]}${target.pid}`], [
      "-t",
      `${target.pid}`,
      SHORT[kind],
    ]];
    // One way each, in turn: all are tried, and it takes a third of the time.
    const found = await seen(ways[at % ways.length]);
    const wanted = own();
    wanted[at] = target.namespace(kind);
    // A pid namespace has no /proc of its own here, in which the process would have another link.
    assertEquals(found, wanted, ways[at % ways.length].join(" "));
  }
}, { skip });

claim("--all and -a join all of a target's namespaces; letters can stand together", async () => {
  await using target = await Target.start(ALL_KINDS);
  const all = ALL_KINDS.map((kind) => target.namespace(kind));
  assertEquals(await seen(["--target", `${target.pid}`, "--all"]), all);
  assertEquals(await seen(["-at", `${target.pid}`]), all);
  const some = await seen(["-nuit", `${target.pid}`]);
  for (const [at, kind] of ALL_KINDS.entries()) {
    assertEquals(some[at], ["net", "uts", "ipc"].includes(kind) ? all[at] : own()[at], kind);
  }
}, { skip });

claim("--exec joins all but a pid namespace: user and time namespaces, too", async () => {
  await using target = await Target.start(ALL_KINDS);
  const kinds = ALL_KINDS.filter((kind) => kind !== "pid");
  const found = await seen(["--exec", "-t", `${target.pid}`, ...kinds.map((kind) => `--${kind}`)]);
  // Time goes on in the namespace that children begin in.
  assertEquals(
    found,
    ALL_KINDS.map((kind) => kind === "pid" ? own()[ALL_KINDS.indexOf(kind)] : target.namespace(kind)),
  );
  const { status, err } = await spawned(["--exec", `--pid=${target.pid}`, "true"]);
  assertEquals([status, err.split("\n")[0]], [
    2,
    "ipcx spawn: a process cannot change its own pid namespace: leave --exec out",
  ]);
}, { skip });

claim("a network namespace is found by the name that ip-netns(8) gave it", async () => {
  const name = `ipcx-${crypto.randomUUID().slice(0, 8)}`;
  await spawnTold({ command: "ip", args: ["netns", "add", name] });
  try {
    const [mine, theirs] = [
      Deno.readLinkSync("/proc/self/ns/net"),
      await told([`-n=${name}`, "readlink", "/proc/self/ns/net"]),
    ];
    assertNotEquals(theirs, mine);
    for (const way of [`--net=${name}`, `--net=/run/netns/${name}`]) {
      assertEquals(await told([way, "readlink", "/proc/self/ns/net"]), theirs);
    }
  } finally {
    await spawnTold({ command: "ip", args: ["netns", "del", name] });
  }
}, { skip: skip || missing("ip") });

claim("a target whose inode is another process's is refused", async () => {
  await using target = await Target.start(["net"]);
  const { status, err } = await spawned(["-t", `${target.pid}:1`, "--net", "true"]);
  assertEquals(status, 1);
  assertMatch(err, /^ipcx spawn: pidfd_open \d+:1 \(that pid is another process's by now\): .*\(ESRCH\)/);
}, { skip });

claim("a target is looked at even if only its directory is asked for", async () => {
  await using target = await Target.start(["net"]);
  const { status, err } = await spawned(["-t", `${target.pid}:1`, "--wd", "pwd"]);
  assertEquals(status, 1);
  assertMatch(err, /\(that pid is another process's by now\)/);
}, { skip });

claim("a pid is nobody's where /proc is that of another pid namespace", async () => {
  const script = 'sleep 60 >&- 2>&- & "$@" spawn --target $! --net true; kill $!';
  const inner = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"];
  const { err } = await runProgram([...inner, ...IPCX]);
  assertMatch(err, /^ipcx spawn: open \/proc\/2\/ns \(\/proc is mounted for another pid namespace\): .*\(ESRCH\)\n$/);
}, { skip });

claim("--local runs the caller's programs and scripts in an empty root", async () => {
  await using there = await Elsewhere.start(["mnt", "pid", "net"]);
  const options = ["-t", `${there.target.pid}`, "-a", "-l"];
  const seenThere = await look(options);
  assertEquals([seenThere.marker, seenThere.pid, seenThere.fds], [MARKER, "2", "0 1 2"]);
  using directory = new OwnDirectory();
  const script = directory.file("script");
  Deno.writeTextFileSync(script, '#!/bin/sh\nread marker </marker; echo "$marker $*"\n', { mode: 0o755 });
  assertEquals(await told([...options, script, "-l", "a b"]), `${MARKER} -l a b`);
  const { status } = await spawned([...options, "sh", "-c", "exit 7"]);
  assertEquals(status, 7);
}, { skip });

claim("what --local cannot do is an error before CMD runs", async () => {
  await using there = await Elsewhere.start(["mnt"]);
  const library = compiled("early_thread.c", "-shared", "-fPIC", "-pthread");
  const program = compiled("look.c", "-Wl,--no-as-needed", library);
  using directory = new OwnDirectory();
  const evidence = directory.file("evidence");
  const mnt = `--mnt=${there.target.pid}`;
  const cases: [string[], number, RegExp][] = [
    [[mnt, "--local", program], 1, /several threads/],
    [[mnt, "--local", "/nowhere/program"], 127, /there is no such program/],
    [[mnt, "--local", directory.path], 126, /\(EACCES\)/],
    [[mnt, "--local", "--exec", "true"], 2, /leave --exec out/],
    [[mnt, "--local", "--wdns", "/nowhere", "touch"], 1, /chdir \/nowhere/],
  ];
  for (const [args, wanted, message] of cases) {
    const { status, out, err } = await spawned([...args, evidence]);
    assertEquals([status, out], [wanted, ""], err);
    assertMatch(err, message);
  }
  assert(!Array.from(Deno.readDirSync(directory.path)).length);
}, { skip });
