/**
 * Makes everything that there is to download: `deno task dist`.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };
import { builtTargets } from "./built_targets.ts";
import { writeChecksums } from "./checksums.ts";
import { DIST } from "./packaging.ts";

const FOLDER = decodeURIComponent(new URL("./", import.meta.url).pathname);

function log(line: string): void {
  console.error(`dist: ${line}`);
}

/** Runs another task of this folder. */
async function runScript(name: string, ...args: string[]): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", `${FOLDER}${name}.ts`, ...args],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`'deno task ${[name, ...args].join(" ")}' has failed`);
}

try {
  const targets = builtTargets(log);
  for (const name of ["compile", "man", "npm"]) await runScript(name);
  for (const { name } of targets) {
    await runScript("deb", "--target", name);
    await runScript("tarball", "--target", name);
  }
  log(`${DIST}SHA256SUMS is for ${writeChecksums(DIST, manifest.version).join(", ")}`);
} catch (error) {
  log((error as Error).message);
  Deno.exitCode = 1;
}
