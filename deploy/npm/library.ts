/**
 * The library in the npm package: JavaScript without dependencies, and its types.
 *
 * @module
 */

import { bundleModule, bundleModules } from "../bundle.ts";
import { writeJsrPackage } from "../jsr/package.ts";
import { HOST } from "../targets.ts";
import { run } from "../run.ts";

/** How the bundle names the module that each form of the program has of its own. */
const OWN_MODULE = /(["'])[^"'\n]*\/native_files\.ts\1/g;

/** Modules that are loaded together, and those that may never be. */
async function writeModules(folder: string): Promise<void> {
  await bundleModules("mod.ts", folder);
  let found = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    const source = await Deno.readTextFile(`${folder}/${name}`);
    const own = source.replaceAll(OWN_MODULE, () => (found += 1, '"./native_files.js"'));
    if (own !== source) await Deno.writeTextFile(`${folder}/${name}`, own);
  }
  if (found === 0) throw new Error("deno bundle names native_files.ts in another way now");
  await Deno.writeTextFile(`${folder}/native_files.js`, await bundleModule("deploy/npm/native_files.ts"));
}

/** What `deno bundle --declaration` writes names files that are not there (2.9.6): `deno pack` does better. */
async function writeTypes(folder: string): Promise<void> {
  const made = await Deno.makeTempDir({ prefix: "ipcx-types-" });
  try {
    await writeJsrPackage(`${made}/package`, [HOST]);
    await run(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output=../packed.tgz"], {
      cwd: `${made}/package`,
    });
    await run("tar", [
      "-xzf",
      `${made}/packed.tgz`,
      "-C",
      folder,
      "--strip-components=1",
      "--wildcards",
      "--exclude=package/cli.d.ts",
      "package/*.d.ts",
    ]);
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

/**
 * Writes the library.
 *
 * @param folder Where to: mod.js, mod.d.ts, and what they import.
 */
export async function writeLibrary(folder: string): Promise<void> {
  await writeModules(folder);
  await writeTypes(folder);
}
