import { assertEquals, assertMatch } from "@std/assert";
import { cgroupMount } from "../../src/spawn/cgroup.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { asNobody } from "../core/programs/run.ts";
import { look, spawned, told } from "./spawning.ts";

/** Both ways to start CMD: what one can do, the other one can. */
const WAYS: readonly (readonly string[])[] = [[], ["--exec"]];

/** Fields of /proc/self/status of a CMD. */
async function status(fields: string, args: readonly string[]): Promise<string[]> {
  const lines = (await told([...args, "grep", "-E", `^(${fields}):`, "/proc/self/status"])).split("\n");
  return lines.map((line) => line.split(":")[1].trim().replaceAll("\t", " "));
}

claim("--uid takes the user's group along and leaves all others", async () => {
  for (const way of WAYS) {
    const seen = await look([...way, "--uid", "daemon"]);
    assertEquals([seen.uid, seen.gid, seen.groups], ["1", "1", ""]);
    const other = await look([...way, "-S", "65534", "-G", "7", "--groups", "3,daemon"]);
    assertEquals([other.uid, other.gid, other.groups], ["65534", "7", "1 3"]);
    const group = await look([...way, "--gid", "daemon"]);
    assertEquals([group.uid, group.gid, group.groups], ["0", "1", ""]);
  }
}, { skip: NEEDS_ROOT });

claim("--no-new-privs and --cap-drop take privileges away", async () => {
  for (const way of WAYS) {
    assertEquals(await status("NoNewPrivs", [...way, "--no-new-privs"]), ["1"]);
    const some = await status("CapEff|CapBnd", [...way, "--cap-drop", "chown,CAP_KILL", "--cap-drop", "sys_admin"]);
    const gone = 1n << 0n | 1n << 5n | 1n << 21n;
    for (const set of some) assertEquals(BigInt(`0x${set}`) & gone, 0n);
    const all = await status("CapInh|CapPrm|CapEff|CapBnd", [...way, "--cap-drop", "ALL"]);
    assertEquals(all, Array(4).fill("0".repeat(16)));
  }
}, { skip: NEEDS_ROOT });

claim("--rlimit sets soft and hard limits, unlimited among them", async () => {
  for (const way of WAYS) {
    const limits = ["--rlimit", "nofile=100:200", "--rlimit", "RLIMIT_CORE=0", "--rlimit", "cpu=5:unlimited"];
    const script = "ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -St; ulimit -Ht";
    assertEquals(await told([...way, ...limits, "bash", "-c", script]), "100\n200\n0\n5\nunlimited");
  }
});

claim("--nice and --oom-score-adj set what they say", async () => {
  for (const way of WAYS) {
    const script = "nice; cat /proc/self/oom_score_adj";
    assertEquals(await told([...way, "--nice", "7", "--oom-score-adj", "500", "sh", "-c", script]), "7\n500");
  }
});

claim("--nice takes a number below zero, attached or not", async () => {
  assertEquals(await told(["--nice", "-7", "nice"]), "-7");
  assertEquals(await told(["--nice=-7", "nice"]), "-7");
}, { skip: NEEDS_ROOT });

claim("--env sets variables, the last of a name, and --clear-env leaves no others", async () => {
  for (const way of WAYS) {
    const env = ["-e", "A=1", "--env", "B=two words", "-e", "A=", "-e", "C==x", "-e", "__proto__=y"];
    assertEquals((await told([...way, "--clear-env", ...env, "env"])).split("\n").sort(), [
      "A=",
      "B=two words",
      "C==x",
      "__proto__=y",
    ]);
    const more = (await told([...way, ...env, "env"], { env: { KEPT: "k" } })).split("\n");
    for (const line of ["A=", "B=two words", "KEPT=k"]) assertEquals(more.filter((one) => one === line), [line]);
    assertEquals(await told([...way, "--clear-env", "env"]), "");
  }
});

claim("--wd and --wdns say where CMD begins", async () => {
  for (const way of WAYS) {
    assertEquals(await told([...way, "--wd=/usr", "pwd"]), "/usr");
    assertEquals(await told([...way, "--wdns", "/usr", "pwd"]), "/usr");
  }
});

claim("--root is the root of CMD; with --local, CMD need not be there", async () => {
  using directory = new OwnDirectory();
  Deno.mkdirSync(directory.file("inner/deep"), { recursive: true });
  const options = ["--root", directory.path, "--local"];
  assertEquals((await look(options)).cwd, "/");
  assertEquals((await look([...options, "--wdns", "/inner"])).cwd, "/inner");
  assertEquals((await look([...options, `--wd=${directory.file("inner/deep")}`])).cwd, "/inner/deep");
  for (const way of WAYS) {
    const { status, err } = await spawned([...way, "-r", directory.path, "true"]);
    assertEquals(status, 127, err);
  }
}, { skip: NEEDS_ROOT });

claim("--wd without a value is where the target is", async () => {
  using directory = new OwnDirectory();
  const there = new Deno.Command("sleep", { args: ["60"], cwd: directory.path }).spawn();
  try {
    assertEquals(await told([`-t${there.pid}`, "-w", "pwd"]), Deno.realPathSync(directory.path));
  } finally {
    there.kill("SIGKILL");
    await there.status;
  }
});

claim("--new-session begins a session of its own", async () => {
  const { session, group, pid } = await look(["--new-session"]);
  assertEquals([session, group], [pid, pid]);
  const inherited = await look([]);
  assertEquals(inherited.session === inherited.pid, false);
});

claim("--cgroup-path starts CMD in a control group, by its path or below the mount", async () => {
  const name = `ipcx-test-${crypto.randomUUID()}`;
  const path = `${cgroupMount()}/${name}`;
  Deno.mkdirSync(path);
  try {
    for (const way of WAYS) {
      for (const where of [name, path]) {
        const groups = await told([...way, "--cgroup-path", where, "cat", "/proc/self/cgroup"]);
        assertMatch(groups, new RegExp(`^0::.*/${name}$`, "m"));
      }
    }
  } finally {
    Deno.removeSync(path);
  }
}, { skip: NEEDS_ROOT || (cgroupMount() === undefined && "cgroup v2 is mounted nowhere") });

claim("what a user may not do is told with what it is about", async () => {
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const cases: [string[], string][] = [
    [["--uid", "0", "--gid", "0"], "setgroups []: Operation not permitted (EPERM)"],
    [["--nice", "-5"], "setpriority nice -5: Permission denied (EACCES)"],
    [["--oom-score-adj", "-1000"], "write oom_score_adj -1000: Permission denied (EACCES)"],
  ];
  for (const [args, message] of cases) {
    const { status, err } = await spawned([...args, "true"], { through });
    assertEquals(status, 1, err);
    assertEquals(err.startsWith(`ipcx spawn: ${message}`), true, err);
  }
}, { skip: NEEDS_ROOT });

claim("who asks for the user and group that it has leaves its other groups, if it may", async () => {
  const groups = "--groups=4,24";
  for (const way of [["--uid=0"], ["--gid=0"], ["--uid=0", "--exec"]]) {
    assertEquals(await told([...way, "id", "-G"], { through: ["setpriv", groups] }), "0");
  }
  using home = new OwnDirectory();
  Deno.chmodSync(home.path, 0o777);
  const { through, env } = asNobody(home.path);
  const grouped = through!.map((word) => word === "--clear-groups" ? groups : word);
  assertEquals(await told(["--uid=65534", "id", "-G"], { through: grouped, env }), "65534 4 24");
}, { skip: NEEDS_ROOT });
