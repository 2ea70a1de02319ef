import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Limit, LIMIT_GROUPS, type LimitGroup, limitNames, probeLimits } from "ipcx";
import { runProgram } from "../cli/program.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { missing } from "../spawn/compiled.ts";

const PROGRAM = new URL("./programs/short_of_descriptors.ts", import.meta.url).pathname;

const UNITS = {
  number: ["buffers", "bytes", "connections", "descriptors", "messages", "port", "process id"],
  boolean: ["yes or no"],
  string: ["error", "text"],
};

/** What two runs have in common: memory, ports and other processes change. */
function lasting(limits: readonly Limit[]): Limit[] {
  return limits.filter(({ name }) => !/-most(-beyond)?$|^fds-in-flight$/.test(name)).map((limit) => {
    const { note: _note, ...rest } = limit;
    return rest;
  });
}

function stateOfProcess(): string {
  const status = Deno.readTextFileSync("/proc/self/status").split("\n")
    .filter((line) => /^(Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp|Umask|Sig(Blk|Ign|Cgt)):/.test(line));
  return [...status, Deno.readTextFileSync("/proc/self/limits"), Deno.cwd()].join("\n");
}

/** All children of all threads, where the kernel tells them. */
function children(): string {
  const tasks = Array.from(Deno.readDirSync("/proc/self/task"), ({ name }) => name);
  return tasks.map((task) => {
    try {
      return Deno.readTextFileSync(`/proc/self/task/${task}/children`);
    } catch {
      return ""; // A thread that has ended meanwhile.
    }
  }).join("").trim();
}

/** Runs the program with so few descriptors to open that they are soon used up. */
async function short(room: number): Promise<{ before: Limit[]; short: Limit[] }> {
  const deno = [Deno.execPath(), "run", "-A", "--quiet", PROGRAM, `${room}`];
  const { status, out, err } = await runProgram(["prlimit", "--nofile=128:128", ...deno]);
  assertEquals({ status, err }, { status: 0, err: "" });
  return JSON.parse(out);
}

claim("every limit has a value of its unit, a title and a source of its own", () => {
  const limits = probeLimits();
  assertEquals(limits.map(({ name }) => name), limitNames());
  assertEquals(new Set(limitNames()).size, limits.length);
  assertEquals(new Set(limits.map(({ title }) => title)).size, limits.length);
  for (const { name, value, unit, title, source, note } of limits) {
    assert(value !== null, `${name}: ${note}`);
    assert(UNITS[typeof value as keyof typeof UNITS].includes(unit), `${name} is ${value}, and its unit ${unit}`);
    assert(/^[a-z]+(-[a-z]+)*$/.test(name), name);
    assert(title !== "" && title.length <= 100 && source !== "", name);
  }
});

claim("groups come in their order, and none is empty", () => {
  const groups = probeLimits().map(({ group }) => group).filter((group, at, all) => group !== all[at - 1]);
  assertEquals(groups, [...LIMIT_GROUPS]);
});

claim("two runs in a row measure the same", () => {
  assertEquals(lasting(probeLimits()), lasting(probeLimits()));
});

claim("with names, only these are measured, in the order of all", () => {
  const names = ["path-most", "dgram-queue", "path-most"];
  assertEquals(probeLimits({ names }).map(({ name }) => name), ["dgram-queue", "path-most"]);
  assertEquals(probeLimits({ names: [] }), []);
});

claim("with groups, only their limits are measured, and names are added", () => {
  const limits = probeLimits({ groups: ["ports", "kernel"], names: ["tee"] });
  assertEquals([...new Set(limits.map(({ group }) => group))], ["kernel", "zero-copy", "ports"]);
  assertEquals(limits.filter(({ group }) => group === "zero-copy").map(({ name }) => name), ["tee"]);
  for (const group of LIMIT_GROUPS) assert(probeLimits({ groups: [group] }).every((limit) => limit.group === group));
});

claim("a name or a group that does not exist is refused before anything is tried", () => {
  assertThrows(() => probeLimits({ names: ["tee", "speed"] }), RangeError, "there is no limit 'speed'");
  const groups = ["speed" as LimitGroup];
  assertThrows(() => probeLimits({ groups }), RangeError, "there is no group 'speed' of limits");
});

claim("probing leaves no file, no child, and the process as it was", () => {
  using directory = new OwnDirectory();
  const elsewhere = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", directory.path);
  try {
    probeLimits();
    const before = stateOfProcess();
    const childrenBefore = children();
    probeLimits();
    assertEquals(stateOfProcess(), before);
    assertEquals(children(), childrenBefore);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  } finally {
    if (elsewhere === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", elsewhere);
  }
});

claim("with room for eight descriptors all is measured as ever", async () => {
  const { before, short: found } = await short(8);
  assertEquals(found.filter(({ value }) => value === null), []);
  assertEquals(lasting(found), lasting(before));
}, { skip: missing("prlimit") });

claim("with less room nothing is, and every line says why: no value is wrong", async () => {
  for (const room of [0, 1, 7]) {
    const { before, short: found } = await short(room);
    assertEquals(found.map(({ name }) => name), before.map(({ name }) => name));
    for (const { value, note } of found) {
      assertEquals(value, null);
      const [, said] = /^could not be measured: it takes 8 descriptors, and there is room for (\d): .*EMFILE/.exec(
        note ?? "",
      ) ?? [];
      assertEquals(Number(said), room, note);
    }
  }
}, { skip: missing("prlimit") });
