/**
 * A project that has installed the npm package, made once for all tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { pack, writeNpmPackage } from "../../deploy/npm/package.ts";
import { HOST } from "../../deploy/targets.ts";
import { ROOT } from "../cli/program.ts";
import { isCurrent } from "../current.ts";

/** Other things that tests make are there, too. */
const BUILD = `${ROOT}tests/build`;

/** What checks types beside Deno. */
const TOOLS = ["typescript@5.9.3", "@types/deno@2.7.0", "@types/node@22.19.1"];

/** Longer than npm, tsc and deno take where several runs share a slow processor. */
const PATIENCE_MS = 300_000;

/**
 * Runs a tool that may take long.
 *
 * @param command The program and its arguments.
 * @param cwd Its working directory.
 * @returns What came of it.
 */
export async function runTool(
  [program, ...args]: readonly string[],
  cwd: string,
): Promise<{ status: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).output();
  const decoder = new TextDecoder();
  return { status: code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Without it, that of this repository would hold, which is above, and has another library by this name. */
const CONFIG = { nodeModulesDir: "manual", lock: false, imports: { "@std/assert": "./assert.ts" } };

async function make(folder: string): Promise<void> {
  await writeNpmPackage(`${folder}/package`, [HOST]);
  await pack(`${folder}/package`, `${folder}/ipcx.tgz`);
  await Deno.mkdir(`${folder}/project`);
  await Deno.writeTextFile(`${folder}/project/package.json`, '{ "type": "module", "private": true }\n');
  const install = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "../ipcx.tgz", ...TOOLS];
  const { status, err } = await runTool(install, `${folder}/project`);
  assertEquals(status, 0, err);
  await Deno.writeTextFile(`${folder}/project/deno.json`, JSON.stringify(CONFIG));
  await Deno.copyFile(`${ROOT}src/std/assert.ts`, `${folder}/project/assert.ts`);
  await Deno.writeTextFile(`${folder}/made`, "");
}

async function makeUnlessCurrent(): Promise<string> {
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

let project: Promise<string> | undefined;

/**
 * Makes the project, unless it is there and newer than the sources.
 *
 * @returns Its folder; `../package` is what was packed.
 */
export function npmProject(): Promise<string> {
  return project ??= makeUnlessCurrent();
}
