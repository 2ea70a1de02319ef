/**
 * Prints what is known of a lock as JSON, `null` if it is free.
 *
 *     status.ts NAME
 *
 * @module
 */

import { instanceStatus } from "../../../mod.ts";

console.log(JSON.stringify(instanceStatus(Deno.args[0]) ?? null));
