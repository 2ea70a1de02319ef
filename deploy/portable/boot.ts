/**
 * The first JavaScript of the portable form, whose parts are in the file itself.
 *
 * @module
 */

import { archiveReader, type Index, runProgram } from "../loader.ts";
import { restoreDirectory, restoreEnvironment } from "./restore.ts";

/** Put before this script by portable.ts: where the archive begins in this file, in bytes, and what is in it. */
declare const program: { at: number; parts: Index };

const read = archiveReader("/proc/self/exe", program.parts, program.at);

function run(): Promise<number> {
  restoreDirectory();
  restoreEnvironment();
  return runProgram(program.parts, read, {
    // The launcher has loaded it.
    library: "libipcx.so",
    loadWaiter: () => Promise.resolve(read(["ipcx-waiter"])[0]),
  });
}

// What a part cannot be read for is nobody's bug: who runs this is not to be shown where it was noticed.
function fail(error: unknown): number {
  console.error(`ipcx: ${(error as Error).message}`);
  return 1;
}

new Promise<number>((resolve) => resolve(run())).catch(fail).then((status) => Deno.exitCode = status);
