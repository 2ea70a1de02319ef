/**
 * The first JavaScript of the npm package's commands.
 *
 * @module
 */

import { archiveReader, type Index, runProgram } from "../loader.ts";
import { nativeFolder } from "./native_folder.ts";

/** Put before this script by archive.ts: what is in the archive. */
declare const program: { parts: Index };

/** What deploy/npm/command.sh sets for the runtime where the caller has not: no files below HOME, no look for updates. */
const OF_THE_RUNTIME = {
  DENO_DIR: "/proc/self/ipcx",
  DENO_LOG: "error,deno::cache::cache_db=off",
  DENO_NO_UPDATE_CHECK: "ipcx",
};

for (const [name, value] of Object.entries(OF_THE_RUNTIME)) {
  if (Deno.env.get(name) === value) Deno.env.delete(name);
}

const folder = decodeURIComponent(new URL(".", Deno.mainModule).pathname);
const native = nativeFolder(folder);

const status = runProgram(program.parts, archiveReader(`${folder}program.parts`, program.parts), {
  library: `${native}/libipcx.so`,
  loadWaiter: () => Deno.readFile(`${native}/ipcx-waiter`),
});
status.then((code) => Deno.exitCode = code);
