/**
 * What packages say of whose they are.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { bundledPackages } from "../../deploy/copyright/bundled_packages.ts";
import { carriedParts } from "../../deploy/copyright/carried_parts.ts";
import { copyright, WHOLE_LICENCES } from "../../deploy/copyright/copyright.ts";
import { HOST } from "../../deploy/targets.ts";
import { claim } from "../claim.ts";
import { root } from "../documents.ts";

/** The paragraphs: fields by their names, without the lines that go on. */
function paragraphs(text: string): Map<string, string>[] {
  return text.trim().split("\n\n").map((paragraph) =>
    new Map(
      Array.from(
        paragraph.matchAll(/^([\w-]+):\n? ?(.*(?:\n .*)*)/gm),
        ([, name, value]): [string, string] => [name, value],
      ),
    )
  );
}

claim("of npm, what the program uses is in it, and what only tests use is not", async () => {
  const names = (await bundledPackages()).map(({ name }) => name);
  const ofTests = ["fast-check", "playwright-core", "kubernetes-models"];
  const used = Object.values(manifest.imports).flatMap((target) => /^npm:(.+)@/.exec(target)?.[1] ?? []);
  for (const name of used) assertEquals(names.includes(name), !ofTests.includes(name), name);
  assert(names.includes("tdigest"), "and what these depend on");
});

claim("all that is carried is told with whose it is and its licence, and each licence is there", async () => {
  const text = await copyright(HOST, "/usr/share/common-licenses/");
  const all = paragraphs(text);
  assertEquals(all[0].get("Format"), "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/");
  const files = all.filter((one) => one.has("Files"));
  const texts = all.filter((one) => !one.has("Files") && one.has("License")).map((one) => one.get("License")!);
  for (const one of files) {
    assertMatch(one.get("Copyright")!, /\w/);
    const license = one.get("License")!;
    assert(texts.some((text) => text.startsWith(`${license}\n`)), `no text of ${license}`);
  }
  assertEquals(new Set(texts.map((text) => text.split("\n")[0])).size, texts.length);
  const told = files.map((one) => one.get("Files"));
  for (const { name, version } of await bundledPackages()) {
    assert(told.includes(`carried/npm/${name}@${version}/*`), name);
  }
  for (const name of ["deno", "deno/v8", "glibc", "libgcc"]) assert(told.includes(`carried/${name}/*`), name);
});

claim("versions are those of what is carried", async () => {
  const { deno, glibc, gcc } = carriedParts(HOST);
  const text = await copyright(HOST, "licences/");
  assertEquals(deno, Deno.version.deno);
  assertMatch(glibc, /\b2\.\d+/);
  assertMatch(gcc, /\b\d+\.\d+\.\d+/);
  for (const version of [`Deno ${deno}.`, glibc, gcc]) assert(text.includes(version), version);
  for (const name of WHOLE_LICENCES) {
    assert(text.includes(`licences/${name}`), name);
    assert(Deno.statSync(`${root}deploy/licences/${name}`).size > 10_000);
  }
});
