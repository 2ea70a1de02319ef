/**
 * `one-socket`: `ipcx broker` where that daemon would be, for whom it would let in.
 *
 * @module
 */

import { oneSocketAddress, oneSocketControlAddress } from "../broker/defaults.ts";
import { run as broker } from "./broker.ts";
import type { Arguments } from "./parse.ts";

/** What bind(2) gives to a socket file, as far as the umask leaves it. */
const ALL = 0o777;

/**
 * Runs `one-socket`.
 *
 * @param args Its arguments, which are none.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const mode = ALL & ~Deno.umask();
  return await broker(args, { address: oneSocketAddress, control: oneSocketControlAddress, mode });
}
