import { assert, assertEquals, assertThrows } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { asNobody } from "../core/programs/run.ts";
import { runProgram } from "../cli/program.ts";
import { told } from "./output.ts";
import { ownProgram } from "./own_program.ts";

const skip = NEEDS_ROOT;
const UNKNOWN_USER = 3_999_999;

/** What /proc says of a process that is started like this. */
async function identity(options: Partial<SpawnOptions>): Promise<Record<string, string>> {
  const status = await told({ command: "cat", args: ["/proc/self/status"], ...options });
  const lines = status.matchAll(/^(\w+):[ \t]*(.*?)[ \t]*$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name, value.replaceAll(/\s+/g, " ")]));
}

claim("a user and a group are all four ids, and the caller's other groups are left", async () => {
  const { Uid, Gid, Groups } = await identity({ uid: 1234, gid: 4321 });
  assertEquals([Uid, Gid, Groups], ["1234 1234 1234 1234", "4321 4321 4321 4321", ""]);
  const alone = await identity({ gid: 4321 });
  assertEquals([alone.Uid, alone.Gid, alone.Groups], ["0 0 0 0", "4321 4321 4321 4321", ""]);
  const most = await identity({ uid: 4_294_967_294, gid: 4_294_967_294 });
  assertEquals(most.Uid, Array(4).fill("4294967294").join(" "));
}, { skip });

claim("supplementary groups are those that are given", async () => {
  assertEquals((await identity({ uid: 1234, gid: 4321, groups: [9, 7, 8] })).Groups, "7 8 9");
  assertEquals((await identity({ groups: [5] })).Groups, "5");
  assertEquals((await identity({ groups: [] })).Groups, "");
  const many = Array.from({ length: 1000 }, (_, at) => 1_000_000 + at);
  assertEquals((await identity({ groups: many })).Groups, many.join(" "));
}, { skip });

claim("without a group a user has the one that /etc/passwd names, and no user is given root's", async () => {
  const [, , uid, gid] = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"))
    .find((fields) => fields[2] !== fields[3] && Number(fields[2]) > 0) ?? ["", "", "65534", "65534"];
  assertEquals((await identity({ uid: Number(uid) })).Gid.split(" ")[0], gid);
  const error = assertThrows(() => spawn({ command: "true", uid: UNKNOWN_USER }), TypeError);
  assertEquals(error.message, `which group? /etc/passwd has no user ${UNKNOWN_USER}: give a gid as well`);
  assertEquals((await identity({ uid: UNKNOWN_USER, gid: 5 })).Uid.split(" ")[0], `${UNKNOWN_USER}`);
}, { skip });

claim("another user has no capabilities, and root keeps them", async () => {
  const own = Deno.readTextFileSync("/proc/self/status");
  const everything = /^CapEff:\s*(\w+)$/m.exec(own)![1];
  assertEquals((await identity({})).CapEff, everything);
  const { CapEff, CapPrm } = await identity({ uid: 1234, gid: 1234 });
  assertEquals([CapEff, CapPrm], ["0".repeat(16), "0".repeat(16)]);
}, { skip });

claim("dropped capabilities are gone from every set, and cannot come back", async () => {
  const before = await identity({});
  const gone = await identity({ dropCapabilities: ["CAP_NET_RAW", "sys_admin", "Checkpoint_Restore"] });
  const bits = (1n << 13n) | (1n << 21n) | (1n << 40n);
  for (const set of ["CapPrm", "CapEff", "CapBnd"]) {
    assertEquals(BigInt(`0x${gone[set]}`), BigInt(`0x${before[set]}`) & ~bits, set);
  }
  const none = await identity({ dropCapabilities: ["ALL"] });
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assertEquals(none[set], "0".repeat(16), set);
  assertEquals(none.Uid, "0 0 0 0");
  const both = await identity({ dropCapabilities: ["ALL"], uid: 1234, gid: 1234 });
  assertEquals([both.Uid.split(" ")[0], both.CapBnd], ["1234", "0".repeat(16)]);
  const unknown = assertThrows(() => spawn({ command: "true", dropCapabilities: ["CAP_FLY"] }), TypeError);
  assertEquals(unknown.message, "there is no capability 'CAP_FLY'");
}, { skip });

claim("with noNewPrivileges a setuid program gains nothing", async () => {
  assertEquals((await identity({ noNewPrivileges: true })).NoNewPrivs, "1");
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  Deno.copyFileSync("/usr/bin/id", directory.file("id"));
  Deno.chmodSync(directory.file("id"), 0o4755);
  const run = (noNewPrivileges: boolean): Promise<string> =>
    told({ command: directory.file("id"), args: ["-u"], uid: 1234, gid: 1234, noNewPrivileges });
  assertEquals([await run(false), await run(true)], ["0", "1234"]);
}, { skip });

claim("an id that is none is refused, and never taken for root's or for the caller's", () => {
  for (const id of [-1, 4_294_967_295, 4_294_967_296, 1.5, NaN, Infinity]) {
    const message = `'${id}' is no id: ids are whole numbers from 0 to 4294967294`;
    for (const identity of [{ uid: id, gid: 7 }, { uid: id }, { gid: id }, { groups: [7, id] }]) {
      assertEquals(assertThrows(() => spawn({ command: "true", ...identity }), TypeError).message, message);
    }
  }
});

claim("who may not change who it is hears what it takes", async () => {
  using home = new OwnDirectory();
  Deno.chmodSync(home.path, 0o777);
  const told = async (more: Partial<SpawnOptions>): Promise<string> => {
    const program = ownProgram("join.ts");
    const { out, err } = await runProgram([...program, "{}", JSON.stringify(more)], asNobody(home.path));
    assertEquals(err, "");
    const { message, code } = JSON.parse(out);
    return message ?? `${code}`;
  };
  const [uid, gid, groups, drop, nice, oom, limit, same] = await Promise.all([
    told({ uid: 1234, gid: 65534, groups: undefined }),
    told({ gid: 1234 }),
    told({ groups: [1] }),
    told({ dropCapabilities: ["net_raw"] }),
    told({ nice: -5 }),
    told({ oomScoreAdj: -500 }),
    told({ rlimits: { core: { soft: 0, hard: "unlimited" } }, uid: 65534 }),
    told({ uid: 65534, gid: 65534 }),
  ]);
  assert(uid.startsWith("setgroups []: Operation not permitted (EPERM); it takes CAP_SETGID"), uid);
  assert(gid.startsWith("setgroups []: Operation not permitted (EPERM); it takes CAP_SETGID"), gid);
  assert(groups.startsWith("setgroups [1]: Operation not permitted (EPERM); it takes CAP_SETGID"), groups);
  assert(drop.startsWith("prctl capability 13: Operation not permitted (EPERM); it takes CAP_SETPCAP"), drop);
  assert(nice.startsWith("setpriority nice -5: Permission denied (EACCES); a lower niceness takes"), nice);
  assert(oom.startsWith("write oom_score_adj -500: Permission denied (EACCES); going below"), oom);
  assert(/^0$|^setrlimit core: .*going above the hard limit takes CAP_SYS_RESOURCE$/.test(limit), limit);
  assertEquals(same, "0");
}, { skip });
