/**
 * Makes the npm package: `deno task npm`.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };
import { builtTargets } from "./built_targets.ts";
import { pack, writeNpmPackage } from "./npm/package.ts";

const DIST = decodeURIComponent(new URL("../dist/", import.meta.url).pathname);

function log(line: string): void {
  console.error(`npm: ${line}`);
}

try {
  const output = `${DIST}ipcx-${manifest.version}.tgz`;
  await writeNpmPackage(`${DIST}npm`, builtTargets(log));
  await pack(`${DIST}npm`, output);
  log(`${output} is for 'npm install', and ${DIST}npm what is in it`);
} catch (error) {
  log((error as Error).message);
  Deno.exitCode = 1;
}
