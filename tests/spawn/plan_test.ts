import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SystemError } from "../../src/core/errors.ts";
import { type PackedStrings, packStrings } from "../../src/core/image.ts";
import { carryOut, encodePlan, type Plan, PLAN_FLAG, STEP, type Step } from "../../src/spawn/plan.ts";
import { claim } from "../claim.ts";

const HEADER = Deno.readTextFileSync(new URL("../../ffi/ipcx.h", import.meta.url));
const TOLERATED = 0x100;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The names of an enumeration of the header, with their numbers, without the prefix. */
function enumeration(name: string, prefix: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{(.*?)\\n\\};`, "s").exec(HEADER)![1].replaceAll(/\/\*.*?\*\//gs, "");
  const entries: [string, number][] = [];
  let next = 0;
  for (const [, key, value] of body.matchAll(/(\w+)(?: = (-?\w+))?,/g)) {
    next = value === undefined ? next : Number(value);
    entries.push([key.replace(prefix, ""), next++]);
  }
  return Object.fromEntries(entries);
}

/** What a plan is when it is read as the shim reads it. */
interface Decoded {
  head: number[];
  steps: { what: number; isTolerated: boolean; numbers: number[]; offset: number }[];
  strings: string[][];
}

function decode({ words, data }: { words: Int32Array; data: Uint8Array }): Decoded {
  const slots = enumeration("ipcx_plan", "IPCX_PLAN_");
  const steps = [];
  for (let at = slots.SLOTS; at < words.length; at += 4) {
    const [what, a, b, c] = words.subarray(at, at + 4);
    steps.push({ what: what & ~TOLERATED, isTolerated: (what & TOLERATED) !== 0, numbers: [a, b, c], offset: c });
  }
  let at = words[slots.STRINGS];
  const strings = [slots.PATHS, slots.ARGUMENTS, slots.ENVIRONMENT].map((slot) =>
    Array.from({ length: words[slot] }, () => {
      const start = at;
      at = data.indexOf(0, start) + 1;
      return decoder.decode(data.subarray(start, at - 1));
    })
  );
  assertEquals(at, data.length, "nothing is behind the strings");
  return { head: Array.from(words.subarray(0, slots.SLOTS)), steps, strings };
}

function planOf(parts: Partial<Plan>): Plan {
  return {
    steps: [],
    deferred: [],
    command: "/bin/true",
    paths: ["/bin/true"],
    args: ["true"],
    environment: packStrings([]),
    cgroup: -1,
    script: -1,
    flags: 0,
    ...parts,
  };
}

const text = fc.string({ unit: "binary" }).filter((one) => !one.includes("\0") && one.isWellFormed());
const texts = fc.array(text, { maxLength: 5 });
const integer = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.integer({ min: 0, max: STEP.EXEC }),
  numbers: fc.option(fc.array(integer, { maxLength: 3 }), { nil: undefined }),
  data: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  isTolerated: fc.option(fc.boolean(), { nil: undefined }),
  syscall: fc.constant("none"),
});

claim("the steps and flags have the numbers of the header", () => {
  const { TOLERATED: tolerated, ...steps } = enumeration("ipcx_step", "IPCX_STEP_");
  assertEquals({ ...STEP } as Record<string, number>, steps);
  assertEquals(tolerated, TOLERATED);
  assertEquals({ ...PLAN_FLAG } as Record<string, number>, enumeration("ipcx_plan_flags", "IPCX_PLAN_"));
});

claim("what is read from an encoded plan is what was written", () => {
  fc.assert(fc.property(
    fc.array(step, { maxLength: 8 }),
    fc.array(step, { maxLength: 8 }),
    texts,
    texts,
    texts,
    fc.tuple(integer, integer, integer),
    (steps, deferred, paths, args, variables, [cgroup, script, flags]) => {
      const environment: PackedStrings = packStrings(variables);
      const encoded = encodePlan(planOf({ steps, deferred, paths, args, environment, cgroup, script, flags }));
      const { head, steps: found, strings } = decode(encoded);
      assertEquals(head.slice(0, 2), [steps.length, deferred.length]);
      assertEquals(head.slice(-3), [cgroup, script, flags]);
      assertEquals(strings, [paths, args, variables]);
      let end = 0;
      for (const [at, { what, numbers = [], data, isTolerated = false }] of [...steps, ...deferred].entries()) {
        assertEquals([found[at].what, found[at].isTolerated], [what, isTolerated]);
        const [a = 0, b = 0, c = 0] = numbers;
        if (!data) {
          assertEquals(found[at].numbers, [a, b, c]);
          continue;
        }
        assertEquals(found[at].numbers.slice(0, 2), [a, b]);
        const { offset } = found[at];
        assertEquals([offset % 8, offset >= end], [0, true], "data is aligned, and nobody else's");
        end = offset + data.length;
        assertEquals(encoded.data.slice(offset, end), data);
      }
      assertEquals(head[2] >= end, true, "the strings come after the data");
    },
  ));
});

claim("ids of more than 31 bits keep their bits", () => {
  const { steps } = decode(encodePlan(planOf({ steps: [{ what: STEP.UID, numbers: [0xfffffffe], syscall: "none" }] })));
  assertEquals(steps[0].numbers[0] >>> 0, 0xfffffffe);
});

claim("arguments that are not UTF-8 keep their bytes", () => {
  const { data } = encodePlan(planOf({ paths: [], args: ["a", new Uint8Array([0xff, 0xfe]), "b"] }));
  assertEquals(Array.from(data), [97, 0, 0xff, 0xfe, 0, 98, 0]);
});

claim("a NUL within an argument is refused, in text and in bytes", () => {
  for (const args of [["a\0b"], [new Uint8Array([97, 0, 98])], ["a", new Uint8Array([0])]]) {
    const error = assertThrows(() => encodePlan(planOf({ args })), TypeError);
    assertEquals(error.message.startsWith("an argument cannot contain a NUL: "), true, error.message);
  }
});

/** What is thrown when a plan is carried out, as system call, error and subject. */
function refusal(plan: Plan): [string, string, string | undefined] {
  const { syscall, code, address } = assertThrows(() => carryOut(plan), SystemError);
  return [syscall, code, address];
}

claim("an error names the step that failed, deferred ones included", () => {
  const exec: Step = { what: STEP.EXEC, numbers: [-1], syscall: "execve", about: "the program" };
  const trace: Step = { what: STEP.TRACE, syscall: "ptrace" };
  const change = (path: string): Step => ({
    what: STEP.CHANGE_TO_PATH,
    data: new TextEncoder().encode(`${path}\0`),
    syscall: "chdir",
    about: path,
  });
  assertEquals(refusal(planOf({ steps: [change("/"), change("/nowhere"), exec] })), ["chdir", "ENOENT", "/nowhere"]);
  assertEquals(refusal(planOf({ steps: [exec], paths: ["/nowhere"] })), ["execve", "ENOENT", "the program"]);
  const steps = [trace, exec];
  const deferred = [change("/"), change("/nowhere")];
  assertEquals(refusal(planOf({ steps, deferred })), ["chdir", "ENOENT", "/nowhere"]);
  const close: Step = { what: STEP.CLOSE_RANGE, numbers: [1, 0], syscall: "close_range" };
  assertEquals(refusal(planOf({ steps: [close, exec] })), ["close_range", "EINVAL", undefined]);
});

claim("a process that cannot be created is told with its control group", () => {
  // Descriptor 0 is none of a control group.
  const plan = planOf({ cgroup: 0, cgroupPath: "/some/group" });
  const [syscall, , address] = refusal(plan);
  assertEquals([syscall, address], ["clone3", "into cgroup /some/group"]);
});
