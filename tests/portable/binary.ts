/**
 * The portable program, made once for all tests.
 *
 * @module
 */

import { makePortable } from "../../deploy/portable/portable.ts";
import { HOST } from "../../deploy/targets.ts";
import { ROOT } from "../cli/program.ts";

/** Where it is; other tests' programs are there too. */
const PATH = `${ROOT}tests/build/ipcx`;

/** What it is made of. */
const INGREDIENTS = ["src", "ffi", "deploy", "deno.json"];

function newest(path: string): number {
  const { isDirectory, mtime } = Deno.statSync(path);
  const own = mtime?.getTime() ?? 0;
  if (!isDirectory) return own;
  return Math.max(own, ...Array.from(Deno.readDirSync(path), ({ name }) => newest(`${path}/${name}`)));
}

function isCurrent(): boolean {
  try {
    const made = Deno.statSync(PATH).mtime!.getTime();
    return INGREDIENTS.every((name) => newest(ROOT + name) < made);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Makes the portable form, unless it is there and newer than its sources.
 *
 * @returns Its path.
 */
export async function portableIpcx(): Promise<string> {
  if (!isCurrent()) {
    await Deno.mkdir(`${ROOT}tests/build`, { recursive: true });
    await makePortable(HOST, PATH, undefined, () => {});
  }
  return PATH;
}
