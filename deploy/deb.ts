/**
 * Makes the Debian package: `deno task deb`.
 *
 * @module
 */

import { makeDeb } from "./deb/package.ts";
import { runTask } from "./packaging.ts";

await runTask({
  name: "deb",
  summary: "Makes a package for Debian, Ubuntu and what comes from them.",
  fileName: (version, { debian }) => `ipcx_${version}_${debian}.deb`,
  pack: (packing) => makeDeb(packing),
});
