/**
 * The library in the npm package: JavaScript without dependencies, and its types.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { bundleModules } from "../bundle.ts";
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
    const own = source.replaceAll(OWN_MODULE, () => (found += 1, '"./library_files.js"'));
    if (own !== source) await Deno.writeTextFile(`${folder}/${name}`, own);
  }
  if (found === 0) throw new Error("deno bundle names native_files.ts in another way now");
  await bundleModules("deploy/npm/library_files.ts", folder);
}

/** In place of mod.js elsewhere, where that could not even be read: all its names, so that the message is what comes. */
async function writeRefusal(folder: string): Promise<void> {
  const names = Object.keys(await import(pathToFileURL(`${folder}/mod.js`).href));
  const message = "the library ipcx is for Deno, which it brings along: npx deno run --allow-all PROGRAM";
  await Deno.writeTextFile(
    `${folder}/elsewhere.js`,
    `export const ${names.map((name) => `${name} = undefined`).join(", ")};\nthrow new Error(${
      JSON.stringify(message)
    });\n`,
  );
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
 * @param folder Where to: mod.js, mod.d.ts, and what they import. The files of the C compiler are beside it.
 */
export async function writeLibrary(folder: string): Promise<void> {
  await writeModules(folder);
  await writeRefusal(folder);
  await writeTypes(folder);
}
