/**
 * The single binary beside the same from source: both are to find the same, and to show the same.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { IPCX, Process, type ProcessOptions, type Result } from "../cli/program.ts";
import { portableIpcx } from "./binary.ts";
import { staticProgram } from "./static_program.ts";

/** In a shell, `ipcx` in one of the forms, `tool` what tests/portable/programs/tool.c is. */
function scriptOf(command: readonly string[], script: string): string[] {
  const ipcx = command.map((word) => `'${word}'`).join(" ");
  return ["bash", "-c", `ipcx() { ${ipcx} "$@"; }; program=(${ipcx}); tool=${staticProgram("tool")}; ${script}`];
}

/**
 * Runs a script of bash with the single binary: `ipcx` is a function, `"${program[@]}"` what it runs, `$tool` a program.
 *
 * @param script The script.
 * @param options How.
 * @returns What came of it.
 */
export async function withPortable(script: string, options: ProcessOptions = {}): Promise<Result> {
  return await new Process(scriptOf([await portableIpcx()], script), options).ended();
}

/**
 * Runs a script of bash with either form, and compares.
 *
 * @param script The script.
 * @param options How.
 * @returns What came of both.
 */
export async function withBoth(script: string, options: ProcessOptions = {}): Promise<Result> {
  const portable = await withPortable(script, options);
  assertEquals(portable, await new Process(scriptOf(IPCX, script), options).ended());
  return portable;
}
