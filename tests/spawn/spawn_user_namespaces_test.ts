import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Namespaces, SpawnOptions } from "../../src/spawn/mod.ts";
import { ROOT, runProgram } from "../cli/program.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { asNobody } from "../core/programs/run.ts";
import { missing } from "./compiled.ts";
import { outputOf, refusal, shell, told } from "./output.ts";
import { ALL_KINDS, Target } from "./target.ts";

const skip = NEEDS_ROOT;

/** What an unprivileged user may have: a time namespace needs a child of its own to be seen. */
const MOST_KINDS = ALL_KINDS.filter((kind) => kind !== "time");

/** What a namespace's processes see as their own user and group, and whether they have all capabilities. */
const WHO = "echo $(id -u) $(id -g) $(grep CapEff /proc/self/status)";

/** What programs/join.ts says, run by the user nobody. */
async function joinAsNobody(
  namespaces: Namespaces,
  more: Partial<SpawnOptions> = {},
): Promise<{ code: string | number; out?: string; err?: string; message?: string; syscall?: string }> {
  using home = new OwnDirectory();
  Deno.chmodSync(home.path, 0o777);
  const program = [Deno.execPath(), "run", "--allow-all", "--quiet", "--no-lock"];
  const args = [`${ROOT}tests/spawn/programs/join.ts`, JSON.stringify(namespaces), JSON.stringify(more)];
  const { out, err } = await runProgram([...program, ...args], asNobody(home.path));
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(err);
  }
}

function namespacesOf(target: Target): string {
  return ALL_KINDS.map((kind) => `${target.namespace(kind)}\n`).join("");
}

claim("who joins a user namespace is its root, with all capabilities in it", async () => {
  await using target = await Target.start(["user"]);
  const everything = /^0 0 CapEff: 0*1f+$/;
  const seen = await shell(WHO, { namespaces: { user: target.pid } });
  assert(everything.test(seen), seen);
  await using nobodys = await Target.start(MOST_KINDS, { through: asNobody("/").through });
  const there = await shell(WHO, { namespaces: { target: nobodys.pid, all: true } });
  assert(everything.test(there), there);
}, { skip });

claim("namespaces that belong to the user namespace come after it, all others before it", async () => {
  // The order matters to the kernel in both cases.
  await using outer = await Target.start(["net", "uts"]);
  await using inner = await Target.start(["user", "ipc"], {
    through: ["nsenter", `--net=${outer.file("net")}`, `--uts=${outer.file("uts")}`],
  });
  assertEquals(inner.namespace("net"), outer.namespace("net"));
  const files = ALL_KINDS.map((kind) => `/proc/self/ns/${kind}`);
  const seen = await told({ command: "readlink", args: files, namespaces: { target: inner.pid, all: true } });
  assertEquals(`${seen}\n`, namespacesOf(inner));
}, { skip });

claim("a namespace of a user namespace below the one that is joined is joined, too", async () => {
  await using upper = await Target.start(["user", "uts"]);
  await using lower = await Target.start(["user", "net", "mnt"], {
    through: ["nsenter", `--user=${upper.file("user")}`, "--preserve-credentials"],
  });
  assertNotEquals(upper.namespace("user"), lower.namespace("user"));
  const namespaces = { user: upper.pid, uts: upper.pid, net: lower.file("net"), mnt: lower.file("mnt") };
  const args = ["user", "uts", "net", "mnt"].map((kind) => `/proc/self/ns/${kind}`);
  assertEquals((await told({ command: "readlink", args, namespaces })).split("\n"), [
    upper.namespace("user"),
    upper.namespace("uts"),
    lower.namespace("net"),
    lower.namespace("mnt"),
  ]);
}, { skip });

claim("the caller's supplementary groups are left behind even where the namespace forbids setgroups", async () => {
  await using target = await Target.start(["user"]);
  assertEquals(Deno.readTextFileSync(`/proc/${target.pid}/setgroups`), "deny\n");
  const groups = "grep Groups /proc/self/status";
  assertEquals((await shell(groups, { namespaces: { user: target.pid } })).trim(), "Groups:");
  assertEquals((await shell(groups, { namespaces: { user: target.pid }, uid: 0, gid: 0 })).trim(), "Groups:");
}, { skip });

claim("a user that the namespace does not have is an error that says so", async () => {
  await using target = await Target.start(["user"]);
  const namespaces = { user: target.pid };
  const cases: [Partial<SpawnOptions>, string][] = [
    [{ uid: 7, gid: 0 }, "setresuid uid 7: Invalid argument (EINVAL); the user namespace has no such user"],
    [{ gid: 7 }, "setresgid gid 7: Invalid argument (EINVAL); the user namespace has no such group"],
    [
      { groups: [7, 8] },
      "setgroups [7,8]: Operation not permitted (EPERM); " +
      "it takes CAP_SETGID, and in a user namespace that setgroups is allowed there",
    ],
  ];
  for (const [identity, message] of cases) {
    const error = refusal({ command: "true", namespaces, ...identity });
    assert(error.message.startsWith(message), error.message);
  }
}, { skip });

claim("root does not go on as the host's in a user namespace that has none", async () => {
  await using target = await Target.start([], { through: ["unshare", "--user"] });
  for (const map of ["uid_map", "gid_map"]) Deno.writeTextFileSync(`/proc/${target.pid}/${map}`, "1000 100000 1\n");
  const namespaces = { user: target.pid };
  for (const identity of [{}, { groups: [] }, { gid: 1000 }]) {
    const { message } = refusal({ command: "true", namespaces, ...identity });
    assertMatch(message, /^setres[ug]id [ug]id 0: Invalid argument \(EINVAL\); the user namespace has no such/);
  }
  assertEquals(await shell("id -u; id -g", { namespaces, uid: 1000, gid: 1000 }), "1000\n1000");
}, { skip });

claim("an unprivileged user joins what belongs to a user namespace of its own", async () => {
  const { through } = asNobody("/");
  await using target = await Target.start(MOST_KINDS, { through });
  const { code, out, err } = await joinAsNobody({ target: target.pid, all: true });
  assertEquals([code, err, out], [0, "", namespacesOf(target)]);
  const { out: some, message } = await joinAsNobody({ user: target.pid, net: target.file("net") }, { uid: 0, gid: 0 });
  assertEquals(message, undefined);
  const lines = some!.split("\n");
  assertEquals(lines[ALL_KINDS.indexOf("net")], target.namespace("net"));
  assertNotEquals(lines[ALL_KINDS.indexOf("uts")], target.namespace("uts"));
}, { skip });

claim("an unprivileged user joins a target whose net namespace is still the host's", async () => {
  await using target = await Target.start(["user", "mnt"], { through: asNobody("/").through });
  const { code, out } = await joinAsNobody({ target: target.pid, all: true });
  assertEquals([code, out], [0, namespacesOf(target)]);
}, { skip });

claim("an unprivileged user runs its own program in a mount namespace below it", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  Deno.writeTextFileSync(directory.file("marker"), "here");
  await using target = await Target.start(["user", "mnt"], {
    through: asNobody("/").through,
    setting: ["root", directory.path],
  });
  const more = { command: "cat", args: ["/marker"], local: true };
  const { code, out, err, message } = await joinAsNobody({ target: target.pid, user: true, mnt: true }, more);
  assertEquals([code, out, err], [0, "here", ""], message);
}, { skip });

claim("a program that an unprivileged user may run but not read is not run elsewhere", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  Deno.copyFileSync("/bin/cat", directory.file("secret"));
  Deno.chmodSync(directory.file("secret"), 0o711);
  await using target = await Target.start(["user", "mnt"], { through: asNobody("/").through });
  const error = await joinAsNobody({ target: target.pid, all: true }, {
    command: directory.file("secret"),
    local: true,
  });
  assertEquals([error.syscall, error.code], ["open", "EACCES"]);
  assert(error.message!.includes("(it must be readable to run elsewhere)"), error.message);
}, { skip });

claim("what an unprivileged user may not join is told with what it takes", async () => {
  const name = `ipcx-${crypto.randomUUID()}`;
  await told({ command: "ip", args: ["netns", "add", name] });
  try {
    const error = await joinAsNobody({ net: name });
    assertEquals([error.syscall, error.code], ["setns", "EPERM"]);
    assert(error.message!.includes(`setns /run/netns/${name} (net namespace): `), error.message);
    assert(error.message!.includes("CAP_SYS_ADMIN in the user namespace that owns it"), error.message);
    const { code, syscall, message } = await joinAsNobody({ net: Deno.pid });
    assertEquals([syscall, code], ["open", "EACCES"], message);
    assert(message!.includes(`/proc/${Deno.pid}/ns/net`), message);
  } finally {
    await outputOf({ command: "ip", args: ["netns", "del", name] });
  }
}, { skip: skip || missing("ip") });
