/**
 * Takes a lock and has nothing else to do.
 *
 *     take_and_end.ts NAME
 *
 * @module
 */

import { acquireInstance } from "../../../mod.ts";

const instance = await acquireInstance(Deno.args[0]);
console.log(`${instance.address}`);
