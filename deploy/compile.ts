/**
 * Makes the single binary: `deno task compile`.
 *
 * @module
 */

import { dirname } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../deno.json" with { type: "json" };
import { tryCompiled } from "./compiled/compiled.ts";
import { makePortable } from "./portable/portable.ts";
import { HOST, targetNamed } from "./targets.ts";

const USAGE = `Usage: deno task compile [options]

Makes one file that needs neither Deno nor Node nor a compiler: what 'deno
compile' makes where its base, denort, can be had, and otherwise the portable
form, which carries a whole Deno.

Options:
  --output FILE    where to [dist/ipcx]
  --target NAME    x86_64 or aarch64 [this machine's]
  --portable       the portable form in any case
  --runtime FILE   the 'deno' to carry [this one, or what npm has for the target]
  --help           show this help
`;

function log(line: string): void {
  console.error(`compile: ${line}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      output: { type: "string", default: decodeURIComponent(new URL("../dist/ipcx", import.meta.url).pathname) },
      target: { type: "string", default: HOST.name },
      portable: { type: "boolean", default: false },
      runtime: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE.trimEnd());
    return 0;
  }
  const target = targetNamed(values.target);
  await Deno.mkdir(dirname(values.output), { recursive: true });
  const wanted = values.portable || values.runtime !== undefined;
  const why = wanted ? "as asked" : await tryCompiled(target, values.output, manifest.version);
  if (why === undefined) {
    log(`${values.output} is what deno compile makes`);
    return 0;
  }
  await makePortable(target, values.output, values.runtime, log);
  log(`${values.output} is the portable form: ${wanted ? why : `no denort (${why})`}`);
  return 0;
}

try {
  Deno.exitCode = await main();
} catch (error) {
  log((error as Error).message);
  Deno.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
