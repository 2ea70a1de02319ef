/**
 * Hosts as they may be: each situation is made, with namespaces, limits and
 * filters, and looked at by the real program.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { CHECK_NAMES, diagnose } from "ipcx";
import { asUser, withDescriptorLimit } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { ipcx } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";
import { after, examined, found, refusing } from "./examined.ts";

/** Nobody else has this one. */
const USER = 350_000_000 + Deno.pid;

const isThere = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

const needs = (...commands: string[]): string | false =>
  NEEDS_ROOT || (commands.map(missing).find((reason) => reason !== false) ?? false);

/** What is said of sockets that are well. */
const ALL = "ok: streams, packets and datagrams work, abstract names and descriptors too";

claim("everything is looked at, in its order, and what is not well says what that means and what to do", async () => {
  const findings = await diagnose();
  assertEquals(findings.map(({ name }) => name), [...CHECK_NAMES]);
  for (const { name, state, found, means, remedy } of findings) {
    assert(["ok", "warning", "fails"].includes(state), name);
    assert(found !== "" && !/undefined|NaN/.test(`${found} ${means ?? ""} ${remedy ?? ""}`), `${name}: ${found}`);
    assertEquals([means === undefined, remedy === undefined], [state === "ok", state === "ok"], name);
  }
});

claim("where the tests of all this can run, the program, processes, sockets and memory are well", async () => {
  const findings = await diagnose({ only: ["program", "library", "kernel", "unix-sockets", "memory", "processes"] });
  assertEquals(findings.filter(({ state }) => state === "fails"), []);
});

claim("--only keeps the order, whatever is asked for first", async () => {
  const names = (await diagnose({ only: ["ptrace", "proc", "pipes", "program"] })).map(({ name }) => name);
  assertEquals(names, ["program", "proc", "ptrace", "pipes"]);
});

claim("without /proc it says so, and that nothing else could be looked at", async () => {
  const through = ["unshare", "--mount", ...after("mount -t tmpfs none /proc")];
  assertEquals(await found("proc", { through }), "fails: /proc is not mounted");
  const { status, out } = await ipcx(["doctor", "--json"], { through });
  assertEquals(status, 1);
  const library = JSON.parse(out).find(({ name }: { name: string }) => name === "library");
  assert(library.state === "ok" || library.found.startsWith("the C library cannot be loaded: "), library.found);
}, { skip: needs("unshare", "mount") });

claim("a /proc of another pid namespace is told", async () => {
  const through = ["unshare", "--pid", "--fork", "--kill-child"];
  assertMatch(await found("proc", { through }), /^fails: \/proc is of another pid namespace: this process is \d+, and/);
}, { skip: needs("unshare") });

claim("hidepid hides other users' processes from a user, and not from root", async () => {
  const hidden = [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    ...after("mount -t proc -o hidepid=2 proc /proc"),
  ];
  assertMatch(await found("proc", { through: [...hidden, ...asUser(USER)] }), /^warning: .*hidepid=(2|invisible)$/);
  assertEquals(await found("proc", { through: hidden }), "ok: /proc is mounted and shows all processes");
}, { skip: needs("unshare", "setpriv", "mount") });

claim("without memfd_create the library cannot be loaded, and everything else is left out", async () => {
  const { status, out } = await ipcx(["doctor"], { through: refusing("memfd_create:38") });
  assertEquals(status, 1);
  assertMatch(out, /^fails {2}library .*the C library cannot be loaded: ipcx needs memfd_create\(2\)/m);
  assert(!out.includes("kernel "), out);
}, { skip: missing("python3") });

claim("programs in memory that the host forbids are told, with the setting", async () => {
  const through = [
    ...["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
    ...after("echo 2 > /proc/sys/vm/memfd_noexec"),
  ];
  const { state, found, remedy } = await examined("memory", { through });
  assertEquals([state, found], ["fails", "programs in memory are refused: EACCES (vm.memfd_noexec = 2)"]);
  assertMatch(remedy!, /^sysctl vm\.memfd_noexec=1/);
}, { skip: needs("unshare") || !isThere("/proc/sys/vm/memfd_noexec") && "needs vm.memfd_noexec" });

claim("devices that are missing, or are none, are told", async () => {
  const at = (script: string): Promise<string> =>
    found("devices", { through: ["unshare", "--mount", ...after(`mount -t tmpfs none /dev && ${script}`)] });
  assertEquals(await at("true"), "fails: /dev/null: ENOENT");
  assertMatch(await at("echo > /dev/null"), /^fails: \/dev\/null: it is no device, and keeps what is written to it$/);
  assertEquals(await at("mknod /dev/null c 1 3"), "warning: no pseudo-terminal can be made: /dev/ptmx: ENOENT");
  assertEquals(
    await found("unix-sockets", { through: ["unshare", "--mount", ...after("mount -t tmpfs none /dev")] }),
    ALL,
  );
}, { skip: needs("unshare", "mount", "mknod") });

claim("calls that a sandbox refuses are told one by one, and that there is a sandbox", async () => {
  const cases: [string, string, RegExp][] = [
    ["clone3:38", "processes", /^ok: processes are made, held on to and waited for$/],
    ["pidfd_send_signal:38", "processes", /^fails: a process cannot be made: pidfd_send_signal: ENOSYS$/],
    ["waitid:22", "processes", /^fails: a process cannot be made: waitid for a pidfd: EINVAL$/],
    ["pidfd_open:38", "kernel", /^fails: Linux .* lacks pidfd_open \(ENOSYS\), inodes of pidfds \(ENOSYS\)$/],
    ["close_range:1", "kernel", /^fails: Linux .* lacks close_range with CLOSE_RANGE_CLOEXEC \(EPERM\)$/],
    ["ptrace:1", "ptrace", /^fails: a child may not be traced: EPERM$/],
    ["unshare:1", "user-namespaces", /^warning: no user namespace can be made: EPERM$/],
    ["socket=16:97", "sock-diag", /^fails: the kernel does not list Unix sockets: EAFNOSUPPORT$/],
    ["ptrace:1", "sandbox", /^ok: (a seccomp filter is|\d+ seccomp filters are) active: .*no_new_privs is set/],
  ];
  for (const [rule, name, expected] of cases) {
    assertMatch(await found(name, { through: refusing(rule) }), expected, rule);
  }
}, { skip: missing("python3") });

claim("a sandbox that keeps root from joining namespaces makes that fail", async () => {
  const text = await found("namespaces", { through: refusing("setns:1") });
  assertMatch(text, /^fails: namespaces cannot be joined, although there is CAP_SYS_ADMIN \(mnt: EPERM, pid: EPERM, /);
}, { skip: needs("python3") });

claim("a user without capabilities may not join namespaces, which is a warning", async () => {
  const text = await found("namespaces", { through: asUser(USER) });
  assertMatch(text, /^warning: this user may not join namespaces \(mnt: EPERM, pid: EPERM, net: EPERM, /);
}, { skip: needs("setpriv") });

claim("root of a user namespace is told that the namespaces around belong to others", async () => {
  const through = ["unshare", "--user", "--map-root-user"];
  assertMatch(await found("namespaces", { through }), /^warning: the namespaces here belong to a user namespace above/);
  assertMatch(await found("container", { through }), /user( and pid)? namespaces? of its own/);
}, { skip: needs("unshare") });

claim("where there may be no more user namespaces, the setting is named", async () => {
  const through = ["unshare", "--user", "--map-root-user", ...after("echo 0 > /proc/sys/user/max_user_namespaces")];
  const { state, found, remedy } = await examined("user-namespaces", { through });
  assertEquals([state, found], ["warning", "no user namespace can be made: ENOSPC"]);
  assertEquals(remedy, "sysctl user.max_user_namespaces=10000: it is 0");
}, { skip: needs("unshare") });

claim("settings of a network namespace that are too low are told", async () => {
  const set = (
    name: string,
    value: number,
  ): string[] => ["unshare", "--net", ...after(`echo ${value} > /proc/sys/net/${name}`)];
  assertEquals(await found("backlog", { through: set("core/somaxconn", 100) }), "warning: net.core.somaxconn is 100");
  assertEquals(await found("backlog", { through: set("core/somaxconn", 4096) }), "ok: net.core.somaxconn is 4096");
  assertEquals(
    await found("datagram-queue", { through: set("unix/max_dgram_qlen", 3) }),
    "warning: net.unix.max_dgram_qlen is 3",
  );
  assertEquals(
    await found("datagram-queue", { through: set("unix/max_dgram_qlen", 512) }),
    "ok: net.unix.max_dgram_qlen is 512",
  );
}, { skip: needs("unshare") });

claim("without /proc/sys settings are not known, and nothing is wrong with that", async () => {
  const through = ["unshare", "--mount", ...after("mount -t tmpfs none /proc/sys")];
  assertMatch(await found("backlog", { through }), /^ok: net\.core\.somaxconn cannot be read/);
  assertMatch(await found("datagram-queue", { through }), /^ok: net\.unix\.max_dgram_qlen cannot be read/);
  assertMatch(
    await found("descriptors", { through: [...through, ...withDescriptorLimit(20_000)] }),
    /^ok: RLIMIT_NOFILE/,
  );
}, { skip: needs("unshare", "mount", "prlimit") });

claim("few descriptors are a warning, very few a failure", async () => {
  for (
    const [limit, expected] of [[200, "warning: RLIMIT_NOFILE is 200"], [50, "fails: RLIMIT_NOFILE is 50"]] as const
  ) {
    assertEquals(await found("descriptors", { through: withDescriptorLimit(limit) }), expected);
  }
}, { skip: missing("prlimit") });

claim("where there is no room for descriptors only that is told", async () => {
  for (let limit = 56; limit > 16; limit -= 4) {
    const { out } = await ipcx(["doctor", "--json"], { through: withDescriptorLimit(limit) });
    if (!out.includes("are left")) continue;
    const findings = JSON.parse(out) as { name: string; state: string; found: string }[];
    assertEquals(findings.at(-1)!.name, "descriptors");
    assertEquals(findings.at(-1)!.found, `RLIMIT_NOFILE is ${limit}, and less than 16 are left`);
    assert(!findings.some(({ name }) => name === "kernel"));
    return;
  }
  throw new Error("at no limit was it told");
}, { skip: missing("prlimit") });

claim("few processes are a warning to a user, and do not count for root", async () => {
  const few = ["prlimit", "--nproc=200:200"];
  assertEquals(
    await found("process-limit", { through: [...few, ...asUser(USER)] }),
    "warning: RLIMIT_NPROC is 200, for all of this user",
  );
  if (await found("container") !== "ok: none can be seen") return;
  assertMatch(await found("process-limit", { through: few }), /^ok: RLIMIT_NPROC is 200, and does not count for root/);
}, { skip: needs("setpriv", "prlimit") });

claim("a user with too many pipes is told that new ones are small", async () => {
  const many = "import os, sys; [os.set_inheritable(end, True) for _ in range(1100) for end in os.pipe()]; " +
    "os.execvp(sys.argv[1], sys.argv[1:])";
  const text = await found("pipes", { through: [...asUser(USER + 1), "python3", "-c", many] });
  assertMatch(text, /^warning: a new pipe has room for (4096|8192) bytes$/);
}, {
  skip: needs("setpriv", "python3") ||
    Deno.readTextFileSync("/proc/sys/fs/pipe-user-pages-soft").trim() !== "16384" && "needs the usual limit of pipes",
});

claim("without cgroup v2 limits of groups do not work, which is a warning", async () => {
  const through = ["unshare", "--mount", ...after("umount --recursive --lazy /sys")];
  assertEquals(await found("cgroup", { through }), "warning: cgroup v2 is mounted nowhere");
}, { skip: needs("unshare", "umount") });

/** Where cgroup v2 is mounted here. */
const CGROUPS = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mountinfo"))?.[1];

claim("control groups that may not be written to are told, for root and for a user", async () => {
  const readOnly = ["unshare", "--mount", ...after(`mount -o remount,bind,ro ${CGROUPS}`)];
  assertMatch(
    await found("cgroup", { through: readOnly }),
    /^warning: cgroup v2, in .*: no group can be made there: EROFS$/,
  );
  assertMatch(
    await found("cgroup", { through: asUser(USER) }),
    /^warning: cgroup v2, in .*: no group can be made there: EACCES$/,
  );
}, { skip: needs("unshare", "mount", "setpriv") || CGROUPS === undefined && "needs cgroup v2" });
