import { assert, assertEquals, assertThrows } from "@std/assert";
import { openPath } from "../../src/core/reach.ts";
import { type ResourceLimit, spawn } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";
import { compiled } from "./compiled.ts";
import { look, refusal, shell, told } from "./output.ts";
import { Target } from "./target.ts";

const skip = NEEDS_ROOT;

/** How /proc/PID/limits calls what getrlimit(2) calls otherwise. */
const LIMITS: Readonly<Record<string, string>> = {
  cpu: "Max cpu time",
  fsize: "Max file size",
  data: "Max data size",
  stack: "Max stack size",
  core: "Max core file size",
  rss: "Max resident set",
  nproc: "Max processes",
  nofile: "Max open files",
  memlock: "Max locked memory",
  as: "Max address space",
  locks: "Max file locks",
  sigpending: "Max pending signals",
  msgqueue: "Max msgqueue size",
  nice: "Max nice priority",
  rtprio: "Max realtime priority",
  rttime: "Max realtime timeout",
};

async function limitsOf(rlimits: Record<string, ResourceLimit>): Promise<Map<string, string[]>> {
  const text = await told({ command: "cat", args: ["/proc/self/limits"], rlimits });
  const lines = text.matchAll(/^(Max .*?) {2,}(\S+) +(\S+)/gm);
  return new Map(Array.from(lines, ([, name, soft, hard]) => [name, [soft, hard]]));
}

claim("each resource has a limit of its own, soft and hard", async () => {
  const before = await limitsOf({});
  for (const [name, title] of Object.entries(LIMITS)) {
    const hard = before.get(title)![1];
    // Low enough for every hard limit, and high enough to live with.
    const soft = hard === "unlimited" ? 1_000_000_000 : Number(hard);
    const after = await limitsOf({ [name]: { soft, hard: hard === "unlimited" ? "unlimited" : Number(hard) } });
    assertEquals(after, new Map(before).set(title, [`${soft}`, hard]), name);
  }
  assertEquals((await limitsOf({ core: 0, RLIMIT_NOFILE: 100 })).get("Max open files"), ["100", "100"]);
  assertEquals((await limitsOf({ core: "unlimited" })).has("Max core file size"), true);
}, { skip });

claim("a limit that is none is refused", () => {
  const cases: [Record<string, ResourceLimit>, string][] = [
    [{ speed: 1 }, "there is no resource 'speed'"],
    [{ core: -1 }, "'-1' is no limit"],
    [{ core: 1.5 }, "'1.5' is no limit"],
    [{ core: { soft: 2, hard: 1 } }, "the soft limit 2 is above the hard one, 1"],
    [{ core: { soft: "unlimited", hard: 1 } }, "the soft limit unlimited is above the hard one, 1"],
  ];
  for (const [rlimits, message] of cases) {
    assertThrows(() => spawn({ command: "true", rlimits }), TypeError, message);
  }
});

claim("the limit of descriptors may be lower than a number that is passed", async () => {
  using fd = openPath("/", 4);
  const seen = await look({ command: compiled("look.c", "-static"), fds: { 3: fd, 300: fd }, rlimits: { nofile: 10 } });
  assertEquals(seen.fds, "0 1 2 3 300");
  await using target = await Target.start(["mnt", "net", "pid"]);
  const namespaces = { target: target.pid, all: true };
  const rlimits = { nofile: 10 };
  const there = await look({
    command: compiled("look.c", "-static"),
    fds: { 300: fd },
    rlimits,
    namespaces,
    local: true,
  });
  assertEquals(there.fds, "0 1 2 300");
}, { skip });

claim("niceness and the score for the memory killer are set", async () => {
  const script = "cut -d' ' -f19 /proc/self/stat; cat /proc/self/oom_score_adj";
  assertEquals(await shell(script, { nice: 7, oomScoreAdj: 321 }), "7\n321");
  assertEquals(await shell(script, { nice: -3, oomScoreAdj: 1000, uid: 1234, gid: 1234 }), "-3\n1000");
  assertEquals(Deno.readTextFileSync("/proc/self/oom_score_adj"), await shell("cat /proc/self/oom_score_adj") + "\n");
  const error = refusal({ command: "true", oomScoreAdj: 1001 });
  assertEquals(error.message, "write oom_score_adj 1001: Invalid argument (EINVAL)");
}, { skip });

claim("a process begins in a cgroup, by path or by name, and so do its children", async () => {
  await using cgroup = new OwnCgroup();
  const script = "sed -n 's/^0:://p' /proc/self/cgroup; (sed -n 's/^0:://p' /proc/self/cgroup)";
  for (const name of [cgroup.path, cgroup.name]) {
    assertEquals(await shell(script, { cgroup: name }), `/${cgroup.name}\n/${cgroup.name}`);
  }
  assertEquals(cgroup.members, []);
}, { skip: NEEDS_CGROUP });

claim("a process in other namespaces, and one that is the caller's program there, begins in a cgroup", async () => {
  await using cgroup = new OwnCgroup();
  await using target = await Target.start(["mnt", "pid", "net", "cgroup"]);
  for (const local of [false, true]) {
    const namespaces = { target: target.pid, all: true };
    const child = spawn({ command: "cat", stdin: "piped", stdout: "null", cgroup: cgroup.name, namespaces, local });
    assertEquals(cgroup.members, [child.pid]);
    await child.stdin.close();
    await child.status;
  }
}, { skip: NEEDS_CGROUP });

claim("a cgroup that cannot be used is told with what it is", async () => {
  await using cgroup = new OwnCgroup();
  using directory = new OwnDirectory();
  const none = refusal({ command: "true", cgroup: `${cgroup.path}/none` });
  assertEquals(none.message, `open ${cgroup.path}/none: No such file or directory (ENOENT)`);
  assertEquals(refusal({ command: "true", cgroup: `${cgroup.name}/none` }).message, none.message);
  const plain = refusal({ command: "true", cgroup: directory.path });
  assertEquals(
    plain.message,
    `clone3 into cgroup ${directory.path}: Bad file descriptor (EBADF); it is no directory of cgroup v2`,
  );
  const file = refusal({ command: "true", cgroup: `${cgroup.path}/cgroup.procs` });
  assertEquals([file.syscall, file.code], ["open", "ENOTDIR"]);
  assertEquals(cgroup.members, []);
}, { skip: NEEDS_CGROUP });

claim("memory of the caller is not copied, however much there is", async () => {
  const ballast = new Uint8Array(256 << 20).fill(1);
  const child = spawn({ command: "true" });
  const { usage } = await child.status;
  assert(usage.minorFaults < 10_000, `${usage.minorFaults} pages were touched`);
  assertEquals(ballast[ballast.length - 1], 1);
});
