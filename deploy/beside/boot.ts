/**
 * The first JavaScript where the program's parts are files beside it: in the npm
 * package, and in what `deno compile` makes.
 *
 * @module
 */

import { type Index, readPieces, runProgram } from "../loader.ts";

/** Put before this script by archive.ts: what is in the archive. */
declare const program: { parts: Index };

const folder = import.meta.dirname!;

/** Files of a compiled program can be read, but are no files to the dynamic loader. */
const library = `${folder}/libipcx.so`;

Deno.exitCode = await runProgram(
  program.parts,
  (names) =>
    readPieces(`${folder}/program.parts`, names.map((name) => [program.parts[name][0], program.parts[name][1]])),
  {
    library: Deno.build.standalone ? Deno.readFileSync(library) : library,
    loadWaiter: () => Deno.readFile(`${folder}/ipcx-waiter`),
  },
);
