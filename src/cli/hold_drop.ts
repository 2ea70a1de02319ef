/**
 * `ipcx hold drop`: the holder lets descriptors go.
 *
 * @module
 */

import { clientFrom, namesFrom } from "./hold_settings.ts";
import { type Arguments, UsageError } from "./parse.ts";

/**
 * Runs `ipcx hold drop`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const names = [...new Set(namesFrom(args))];
  if (names.length === 0) throw new UsageError("which NAME?");
  await clientFrom(args).drop(names);
  return 0;
}
