/**
 * The first JavaScript where the program's parts are files beside it: in the npm
 * package, and in what `deno compile` makes.
 *
 * @module
 */

import { type Index, readPieces, runProgram } from "../loader.ts";

/** Put before this script by archive.ts: what is in the archive. */
declare const program: { parts: Index };

const folder = decodeURIComponent(new URL(".", Deno.mainModule).pathname);

/** Files of a compiled program can be read, but are no files to the dynamic loader. */
const library = `${folder}libipcx.so`;

function read(names: readonly string[]): Uint8Array<ArrayBuffer>[] {
  return readPieces(`${folder}program.parts`, names.map((name) => [program.parts[name][0], program.parts[name][1]]));
}

const status = runProgram(program.parts, read, {
  library: Deno.build.standalone ? Deno.readFileSync(library) : library,
  loadWaiter: () => Deno.readFile(`${folder}ipcx-waiter`),
});
status.then((code) => Deno.exitCode = code);
