/**
 * Programs of the tests that use the library in a process of their own.
 *
 * @module
 */

import { ROOT } from "../cli/program.ts";

/**
 * How a program of `tests/spawn/programs` is run.
 *
 * @param name Its file.
 * @returns The command, to which arguments may be added.
 */
export function ownProgram(name: string): string[] {
  return [Deno.execPath(), "run", "--allow-all", "--quiet", "--no-lock", `${ROOT}tests/spawn/programs/${name}`];
}
