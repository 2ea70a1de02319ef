/**
 * CHANGELOG.md, and Debian's that is made of it.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { currentRelease, dayOf, debianChangelog, parseChangelog, releases, timeOf } from "../../deploy/changelog.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { read, sources } from "../documents.ts";
import { missing } from "../spawn/compiled.ts";

const SAMPLE = `# Changelog

## [Unreleased]

- Not told yet.

## [1.2.0] - 2027-02-01

A paragraph
in two lines.

### Added

- The first, which goes
  on here.
- \`ipcx x\`: the second.

## [1.1.0] - 2027-01-31

### Fixed

- A fault.
`;

function withEpoch<T>(value: string, act: () => T): T {
  const before = Deno.env.get("SOURCE_DATE_EPOCH");
  Deno.env.set("SOURCE_DATE_EPOCH", value);
  try {
    return act();
  } finally {
    if (before === undefined) Deno.env.delete("SOURCE_DATE_EPOCH");
    else Deno.env.set("SOURCE_DATE_EPOCH", before);
  }
}

claim("CHANGELOG.md tells of the version in deno.json first, with a day that is one", () => {
  const [newest] = releases();
  assertEquals(newest.version, manifest.version);
  assertEquals(new Date(newest.day).toISOString().slice(0, 10), newest.day);
  assert(newest.entries.length > 0);
});

claim("no source repeats the version", () => {
  const lines = [sources("src"), sources("deploy"), sources("ffi"), read("mod.ts")].join("\n").split("\n");
  const repeated = lines.filter((line) => line.includes(`"${manifest.version}"`) && !/^ *\*/.test(line));
  assertEquals(repeated, []);
});

claim("a changelog is read: versions with their days, each point in one line, nothing that is not released", () => {
  assertEquals(parseChangelog(SAMPLE), [
    {
      version: "1.2.0",
      day: "2027-02-01",
      entries: ["A paragraph in two lines.", "The first, which goes on here.", "`ipcx x`: the second."],
    },
    { version: "1.1.0", day: "2027-01-31", entries: ["A fault."] },
  ]);
});

claim("a heading without a day, and a version without an entry, are errors", () => {
  assertThrows(() => parseChangelog("# C\n\n## [1.0.0]\n"), Error, "'## [1.0.0]' names no version with its day");
  assertThrows(() => currentRelease(parseChangelog(SAMPLE), "9.9.9"), Error, "no entry '## [9.9.9] - DAY'");
});

claim("the time of a release is the beginning of its day, unless SOURCE_DATE_EPOCH says otherwise", () => {
  const [release] = parseChangelog(SAMPLE);
  assertEquals(withEpoch("", () => timeOf(release)), Date.UTC(2027, 1, 1) / 1000);
  assertEquals(withEpoch("", () => dayOf(release)), "2027-02-01");
  assertEquals(withEpoch("86400", () => timeOf(release)), 86_400);
  assertThrows(() => withEpoch("soon", () => timeOf(release)), RangeError, "SOURCE_DATE_EPOCH is 'soon'");
});

claim("Debian's changelog has all versions, in lines that fit", () => {
  const text = debianChangelog(parseChangelog(SAMPLE), "A B <a@b.example>");
  assertEquals(
    text,
    `ipcx (1.2.0) stable; urgency=medium

  * A paragraph in two lines.
  * The first, which goes on here.
  * ipcx x: the second.

 -- A B <a@b.example>  Mon, 01 Feb 2027 00:00:00 +0000

ipcx (1.1.0) stable; urgency=medium

  * A fault.

 -- A B <a@b.example>  Sun, 31 Jan 2027 00:00:00 +0000
`,
  );
  const real = debianChangelog(parseChangelog(read("CHANGELOG.md")), "A B <a@b.example>");
  for (const line of real.split("\n")) assert(line.length <= 80, line);
});

claim("dpkg-parsechangelog reads it without a warning", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("changelog");
  Deno.writeTextFileSync(path, debianChangelog(parseChangelog(read("CHANGELOG.md")), "A B <a@b.example>"));
  const { status, out, err } = await runProgram(["dpkg-parsechangelog", "--file", path, "--show-field", "Version"]);
  assertEquals([status, out.trim(), err], [0, manifest.version, ""]);
}, { skip: missing("dpkg-parsechangelog") });
