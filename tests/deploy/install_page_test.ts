/**
 * docs/install.md is what the launcher and the packages are.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { launcherSources } from "../../deploy/portable/native.ts";
import { PROGRAMS } from "../../src/cli/table.ts";
import { claim } from "../claim.ts";
import { codeIn, read, rows, section } from "../documents.ts";

const page = read("docs/install.md");

claim("docs/install.md has every message of the launcher", () => {
  const said = launcherSources().flatMap((path) =>
    Array.from(Deno.readTextFileSync(path).matchAll(/\bfail\("([^"]+)"/g), ([, message]) => message)
  );
  assert(said.length > 10);
  const told = rows(section(page, "## Troubleshooting")).flatMap(([messages]) => codeIn(messages));
  for (const message of said) assert(told.some((one) => one.includes(message)), message);
});

claim("docs/install.md has every message of the npm package's commands", () => {
  const told = rows(section(page, "## Troubleshooting")).map(([message]) => codeIn(message)[0]);
  const said = Array.from(read("deploy/npm/command.sh").matchAll(/\bfail "(.+)"/g), ([, message]) => message);
  assert(said.length > 3);
  for (const message of said) assert(told.includes(message.replace(/\$\w+/, "…")), message);
});

claim("docs/install.md has every option of deno task compile", () => {
  const [, options] = /Options:\n([^`]+)`/.exec(read("deploy/compile.ts"))!;
  const known = Array.from(options.matchAll(/^ {2}(--\w+(?: [A-Z]+)?)/gm), ([, option]) => option);
  const told = rows(section(page, "## One file")).map(([option]) => codeIn(option)[0]);
  assertEquals(told, known.filter((option) => option !== "--help"));
});

claim("docs/install.md tells of each program that is one by its name, and where it is", () => {
  for (const { name } of PROGRAMS) assert(section(page, `## nsexec and one-socket`).includes(`/usr/lib/ipcx/${name}`));
});

claim("docs/install.md names files of this version", () => {
  const versions = Array.from(page.matchAll(/\bipcx[-_](\d+\.\d+\.\d+)/g), ([, version]) => version);
  assert(versions.length > 3);
  assertEquals(new Set(versions), new Set([manifest.version]));
});
