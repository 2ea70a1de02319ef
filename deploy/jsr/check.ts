/**
 * Tells whether JSR would take the library: `deno task publish:check`.
 *
 * Nothing is sent, and JSR need not be reached.
 *
 * @module
 */

import { builtTargets } from "../built_targets.ts";
import { writeJsrPackage } from "./package.ts";

const folder = decodeURIComponent(new URL("../../dist/jsr", import.meta.url).pathname);

await writeJsrPackage(folder, builtTargets((line) => console.error(`publish:check: ${line}`)));
// What is made here is no part of the repository, whose state is nothing to ask for.
const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["publish", "--dry-run", "--allow-dirty", "--quiet"],
  cwd: folder,
}).output();
await Deno.stderr.write(stderr);
if (code === 0) console.error("publish:check: dist/jsr is what JSR would take");
Deno.exitCode = code;
