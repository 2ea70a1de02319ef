/**
 * `ipcx beam`: messages that carry descriptors, sent and received.
 *
 * @module
 */

import { BeamError } from "../beam/errors.ts";
import { verbFrom } from "./beam_settings.ts";
import type { BeamVerb } from "./beam_table.ts";
import { messageOf } from "./beam_text.ts";
import type { Arguments } from "./parse.ts";

/** What every file of a verb exports. */
interface Verb {
  run(args: Arguments): Promise<number>;
}

/** Loaded when it is needed, as subcommands are. */
const LOADERS: Readonly<Record<BeamVerb, () => Promise<Verb>>> = {
  listen: () => import("./beam_listen.ts"),
  send: () => import("./beam_send.ts"),
  recv: () => import("./beam_recv.ts"),
  pipe: () => import("./beam_pipe.ts"),
  call: () => import("./beam_call.ts"),
  copy: () => import("./beam_copy.ts"),
};

/**
 * Runs `ipcx beam`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const verb = await LOADERS[verbFrom(args)]();
  try {
    return await verb.run(args);
  } catch (error) {
    // Others may be told apart by what they are.
    if (!(error instanceof BeamError)) throw error;
    throw new Error(messageOf(error), { cause: error });
  }
}
