/**
 * A project that has installed the npm package, made once for all tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { pack, writeNpmPackage } from "../../deploy/npm/package.ts";
import { HOST } from "../../deploy/targets.ts";
import { ROOT, runProgram } from "../cli/program.ts";
import { isCurrent } from "../current.ts";

/** Other things that tests make are there, too. */
const BUILD = `${ROOT}tests/build`;

/** What checks types beside Deno. */
const TOOLS = ["typescript@5.9.3", "@types/deno@2.7.0", "@types/node@22.19.1"];

async function make(folder: string): Promise<void> {
  await writeNpmPackage(`${folder}/package`, [HOST]);
  await pack(`${folder}/package`, `${folder}/ipcx.tgz`);
  await Deno.mkdir(`${folder}/project`);
  await Deno.writeTextFile(`${folder}/project/package.json`, '{ "type": "module", "private": true }\n');
  const install = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "../ipcx.tgz", ...TOOLS];
  const { status, err } = await runProgram(install, { cwd: `${folder}/project` });
  assertEquals(status, 0, err);
  await Deno.writeTextFile(`${folder}/made`, "");
}

/**
 * Makes the project, unless it is there and newer than the sources.
 *
 * @returns Its folder; `../package` is what was packed.
 */
export async function npmProject(): Promise<string> {
  const folder = `${BUILD}/npm`;
  if (!isCurrent(`${folder}/made`)) {
    await Deno.mkdir(BUILD, { recursive: true });
    const partial = await Deno.makeTempDir({ dir: BUILD, prefix: "npm-" });
    await make(partial);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.rename(partial, folder);
  }
  return `${folder}/project`;
}
