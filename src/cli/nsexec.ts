/**
 * `nsexec`: the options of that program, with the behaviour of `ipcx spawn`.
 *
 * @module
 */

import { run as spawn } from "./spawn.ts";
import type { Arguments } from "./parse.ts";

/**
 * Runs `nsexec`.
 *
 * @param args Its arguments.
 * @returns The exit status; only if it fails.
 */
export async function run(args: Arguments): Promise<number> {
  return await spawn(args.has("mnt") ? args : args.without("local"), "nsexec");
}
