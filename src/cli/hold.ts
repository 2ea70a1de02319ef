/**
 * `ipcx hold`: a holder of descriptors, and what can be asked of it.
 *
 * @module
 */

import { holdVerbFrom } from "./hold_settings.ts";
import type { HoldVerb } from "./hold_table.ts";
import type { Arguments } from "./parse.ts";

/** What every file of a verb exports. */
interface Verb {
  run(args: Arguments): Promise<number>;
}

/** Loaded when it is needed, as subcommands are. */
const LOADERS: Readonly<Record<HoldVerb, () => Promise<Verb>>> = {
  serve: () => import("./hold_serve.ts"),
  run: () => import("./hold_run.ts"),
  store: () => import("./hold_store.ts"),
  list: () => import("./hold_list.ts"),
  drop: () => import("./hold_drop.ts"),
  status: () => import("./hold_status.ts"),
};

/**
 * Runs `ipcx hold`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const verb = await LOADERS[holdVerbFrom(args)]();
  try {
    return await verb.run(args);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "TimeoutError") throw error;
    throw new Error("the holder did not answer in time; --timeout lets it take longer", { cause: error });
  }
}
