import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeLimit, parseLimit, type ResourceLimit, resourceNumber } from "../../src/spawn/rlimits.ts";
import { claim } from "../claim.ts";

const UNLIMITED = 2n ** 64n - 1n;

/** The resources in the order of /proc/self/limits, which is that of their numbers. */
const RESOURCES = "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime"
  .split(" ");

function pair(limit: ResourceLimit): bigint[] {
  return [...encodeLimit(limit)];
}

claim("resources have the numbers that the kernel has for them", () => {
  assertEquals(RESOURCES.map((name) => resourceNumber(name)), RESOURCES.map((_, number) => number));
  const lines = Deno.readTextFileSync("/proc/self/limits").trimEnd().split("\n").slice(1);
  assertEquals(lines.length, RESOURCES.length);
  // Those whose names tell: the others differ too much from what the kernel calls them.
  for (
    const [name, words] of Object.entries({ cpu: "cpu", nofile: "open files", msgqueue: "msgqueue", nice: "nice" })
  ) {
    assertEquals(lines[resourceNumber(name)].toLowerCase().startsWith(`max ${words}`), true, name);
  }
});

claim("a resource may be written as in C, and one that is none is refused", () => {
  for (const name of ["nofile", "NOFILE", "RLIMIT_NOFILE", "rlimit_nofile"]) assertEquals(resourceNumber(name), 7);
  for (const wrong of ["", "files", "7", "rlimit_"]) {
    assertThrows(() => resourceNumber(wrong), TypeError, `there is no resource '${wrong}': there are cpu, fsize`);
  }
});

claim("one number is both limits, two are soft and hard", () => {
  assertEquals(pair(5), [5n, 5n]);
  assertEquals(pair("unlimited"), [UNLIMITED, UNLIMITED]);
  assertEquals(pair({ soft: 1, hard: 2 }), [1n, 2n]);
  assertEquals(pair({ soft: 0, hard: "unlimited" }), [0n, UNLIMITED]);
  assertEquals(pair(Number.MAX_SAFE_INTEGER), [2n ** 53n - 1n, 2n ** 53n - 1n]);
});

claim("what is no limit is refused", () => {
  for (const wrong of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => encodeLimit(wrong), TypeError, `'${wrong}' is no limit`);
    assertThrows(() => encodeLimit({ soft: 1, hard: wrong }), TypeError, `'${wrong}' is no limit`);
  }
  const message = "the soft limit 3 is above the hard one, 2";
  assertThrows(() => encodeLimit({ soft: 3, hard: 2 }), TypeError, message);
  assertThrows(() => encodeLimit({ soft: "unlimited", hard: 2 }), TypeError, "the soft limit unlimited is above");
});

claim("a limit is read as it was written", () => {
  const limit = fc.oneof(fc.maxSafeNat(), fc.constant("unlimited" as const));
  const size = (value: number | "unlimited"): number => value === "unlimited" ? Infinity : value;
  fc.assert(fc.property(fc.constantFrom(...RESOURCES), limit, limit, (name, one, other) => {
    const [soft, hard] = size(one) <= size(other) ? [one, other] : [other, one];
    assertEquals(parseLimit(`${name}=${soft}:${hard}`), [name, { soft, hard }]);
    assertEquals(parseLimit(`${name}=${soft}`), [name, { soft, hard: soft }]);
  }));
});

claim("a text that is no limit is refused", () => {
  for (
    const wrong of ["", "nofile", "nofile=", "=5", "nofile=5:", "nofile=-1", "nofile=5:6:7", "nofile=5k", "no file=5"]
  ) {
    assertThrows(() => parseLimit(wrong), TypeError, `'${wrong}' is no limit: write NAME=SOFT or NAME=SOFT:HARD`);
  }
  assertThrows(() => parseLimit("files=5"), TypeError, "there is no resource 'files'");
  assertThrows(() => parseLimit("nofile=6:5"), TypeError, "the soft limit 6 is above the hard one, 5");
  assertThrows(() => parseLimit("nofile=99999999999999999999"), TypeError, "is no limit");
});
