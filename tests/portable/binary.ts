/**
 * The portable program, made once for all tests.
 *
 * @module
 */

import { makePortable } from "../../deploy/portable/portable.ts";
import { HOST } from "../../deploy/targets.ts";
import { ROOT } from "../cli/program.ts";
import { isCurrent } from "../current.ts";

/** Where it is; other tests' programs are there too. */
const PATH = `${ROOT}tests/build/ipcx`;

/**
 * Makes the portable form, unless it is there and newer than its sources.
 *
 * @returns Its path.
 */
export async function portableIpcx(): Promise<string> {
  if (!isCurrent(PATH)) {
    await Deno.mkdir(`${ROOT}tests/build`, { recursive: true });
    await makePortable(HOST, PATH, undefined, () => {});
  }
  return PATH;
}
