import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { editDistance, nearest, suggestion } from "../../src/core/nearest.ts";
import { claim } from "../claim.ts";

/** Few letters, so that some of them come again. */
const word = fc.string({ unit: fc.constantFrom(..."abcd"), maxLength: 8 });

/** What one edit can make of a word. */
function edits(text: string): string[] {
  const made: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    const [before, behind] = [text.slice(0, at), text.slice(at)];
    for (const letter of "abcd") made.push(before + letter + behind, before + letter + behind.slice(1));
    made.push(before + behind.slice(1));
    if (behind.length > 1) made.push(before + behind[1] + behind[0] + behind.slice(2));
  }
  return made;
}

/** Counts edits by trying all of them, in the order of how many there are. */
function tried(one: string, other: string): number {
  let reached = new Set([one]);
  for (let count = 0;; count++) {
    if (reached.has(other)) return count;
    reached = new Set([...reached].flatMap(edits).filter((made) => made.length <= 6));
  }
}

claim("distances are those that are known", () => {
  const known: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["spwan", "spawn", 1],
    ["kitten", "sitting", 3],
    ["saturday", "sunday", 3],
    // A letter may be put in between two that were swapped.
    ["ca", "abc", 2],
  ];
  for (const [one, other, distance] of known) assertEquals(editDistance(one, other), distance, `${one} ${other}`);
});

claim("the distance is the least number of edits", () => {
  const short = fc.string({ unit: fc.constantFrom(..."abcd"), maxLength: 4 });
  fc.assert(
    fc.property(short, short, (one, other) => {
      fc.pre(editDistance(one, other) <= 3);
      assertEquals(editDistance(one, other), tried(one, other));
    }),
    { numRuns: 60 },
  );
});

claim("it is a distance: nought for equal words only, the same both ways, and no detour is shorter", () => {
  fc.assert(fc.property(word, word, word, (one, other, third) => {
    assertEquals(editDistance(one, other) === 0, one === other);
    assertEquals(editDistance(one, other), editDistance(other, one));
    assert(editDistance(one, other) <= editDistance(one, third) + editDistance(third, other));
  }));
});

claim("it is at least what the lengths differ by, and at most the longer length", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (one, other) => {
    const distance = editDistance(one, other);
    assert(distance >= Math.abs(one.length - other.length));
    assert(distance <= Math.max(one.length, other.length));
  }));
});

claim("what words have in common at their ends does not matter", () => {
  fc.assert(fc.property(word, word, word, (one, other, end) => {
    assertEquals(editDistance(one + end, other + end), editDistance(one, other));
    assertEquals(editDistance(end + one, end + other), editDistance(one, other));
  }));
});

claim("a misprint is taken for the word it comes nearest to", () => {
  const known = ["timeout", "grace", "cmd", "wd", "env"];
  const meant: Record<string, string | undefined> = {
    timeot: "timeout",
    tiemout: "timeout",
    TIMEOUT: "timeout",
    grce: "grace",
    cdm: "cmd",
    environment: undefined,
    xyz: undefined,
    "": undefined,
  };
  for (const [written, word] of Object.entries(meant)) assertEquals(nearest(written, known), word, written);
  assertEquals(nearest("x", []), undefined);
  assertEquals(nearest("timeout".repeat(20), known), undefined);
  assertEquals(suggestion("timeot", known), "did you mean 'timeout'?");
  assertEquals(suggestion("xyz", ["a-word", "another"]), "there are a-word, another");
});

claim("a word with two neighbouring letters swapped, one left out or one too many is found", () => {
  const long = fc.stringMatching(/^[a-z]{6,12}$/);
  fc.assert(fc.property(long, fc.nat(), (known, number) => {
    const at = number % (known.length - 1);
    const swapped = known.slice(0, at) + known[at + 1] + known[at] + known.slice(at + 2);
    const shorter = known.slice(0, at) + known.slice(at + 1);
    const longer = `${known.slice(0, at)}x${known.slice(at)}`;
    for (const written of [swapped, shorter, longer]) assertEquals(nearest(written, [known]), known);
  }));
});
