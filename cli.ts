/**
 * The `ipcx` program.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exitCode = await main(Deno.args);
