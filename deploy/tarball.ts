/**
 * Makes the tarball: `deno task tarball`.
 *
 * @module
 */

import { runTask } from "./packaging.ts";
import { makeTarball, tarballName } from "./tarball/tarball.ts";

await runTask({
  name: "tarball",
  summary: "Makes a tarball that can be unpacked into /usr/local.",
  fileName: (version, target) => `${tarballName(version, target)}.tar.gz`,
  pack: (packing) => makeTarball(packing),
});
