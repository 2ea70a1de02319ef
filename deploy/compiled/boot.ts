/**
 * The first JavaScript of what `deno compile` makes, where the program's parts
 * are files beside it.
 *
 * @module
 */

import { archiveReader, type Index, runProgram } from "../loader.ts";

/** Put before this script by archive.ts: what is in the archive. */
declare const program: { parts: Index };

const folder = decodeURIComponent(new URL(".", Deno.mainModule).pathname);

const status = runProgram(program.parts, archiveReader(`${folder}program.parts`, program.parts), {
  // Files of a compiled program can be read, but are no files to the dynamic loader.
  library: Deno.readFileSync(`${folder}libipcx.so`),
  loadWaiter: () => Deno.readFile(`${folder}ipcx-waiter`),
});
status.then((code) => Deno.exitCode = code);
