/**
 * The first JavaScript of the portable form, whose parts are in the file itself.
 *
 * @module
 */

import { type Index, readPieces, runProgram } from "../loader.ts";

/** Put before this script by portable.ts: where the archive begins in this file, in bytes, and what is in it. */
declare const program: { at: number; parts: Index };

/** What the launcher has put into the environment for the runtime only (ffi/launcher/environment.c). */
const OF_THE_RUNTIME = ["DENO_DIR", "DENO_NO_UPDATE_CHECK"];

function restoreEnvironment(): void {
  const given = Deno.readTextFileSync("/proc/self/environ").split("\0");
  for (const name of OF_THE_RUNTIME) {
    const entry = given.find((text) => text.startsWith(`${name}=`));
    if (entry === undefined) Deno.env.delete(name);
    else Deno.env.set(name, entry.slice(name.length + 1));
  }
}

function read(names: readonly string[]): Uint8Array<ArrayBuffer>[] {
  const pieces = names.map((name) => program.parts[name]);
  return readPieces("/proc/self/exe", pieces.map(([at, length]) => [program.at + at, length]));
}

restoreEnvironment();
const status = runProgram(program.parts, read, {
  // The launcher has loaded it.
  library: "libipcx.so",
  loadWaiter: () => Promise.resolve(read(["ipcx-waiter"])[0]),
});
status.then((code) => Deno.exitCode = code);
