/**
 * The npm package: the program, and the library for Deno.
 *
 * @module
 */

import { makeArchive, makeBoot } from "../archive.ts";
import { nativeFiles } from "../native_files.ts";
import { run } from "../run.ts";
import type { Target } from "../targets.ts";
import { writeLibrary } from "./library.ts";
import { packageJson, PROGRAMS } from "./manifest.ts";
import { NATIVE } from "./native_folder.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);

/** The time of every file: that which npm itself gives. */
const TIME = "1985-10-26 08:15:00 UTC";

async function writeProgram(folder: string): Promise<void> {
  const { bytes, parts } = await makeArchive();
  await Deno.mkdir(`${folder}/program`);
  await Deno.writeFile(`${folder}/program/program.parts`, bytes);
  await Deno.writeTextFile(`${folder}/program/boot.js`, await makeBoot("deploy/npm/boot.ts", { parts }));
  await Deno.mkdir(`${folder}/bin`);
  for (const name of PROGRAMS) await Deno.copyFile(`${ROOT}deploy/npm/command.sh`, `${folder}/bin/${name}`);
}

async function writeNativeFiles(folder: string, target: Target): Promise<void> {
  const { library, waiter } = nativeFiles(target);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(`${folder}/libipcx.so`, library);
  await Deno.writeFile(`${folder}/ipcx-waiter`, waiter);
}

/**
 * Writes the package as a folder.
 *
 * @param folder Where to; what was there is removed.
 * @param targets The processors that it is for.
 * @throws {Error} If the C library has not been built for one of them.
 */
export async function writeNpmPackage(folder: string, targets: readonly Target[]): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  for (const target of targets) await writeNativeFiles(`${folder}/${NATIVE}/${target.name}`, target);
  await Deno.mkdir(`${folder}/lib`);
  await writeLibrary(`${folder}/lib`);
  await writeProgram(folder);
  for (const name of ["README.md", "LICENSE"]) await Deno.copyFile(ROOT + name, `${folder}/${name}`);
  await Deno.writeTextFile(`${folder}/package.json`, packageJson(targets));
}

/**
 * Packs a folder as `npm pack` does; what is the same in it gives the same bytes.
 *
 * @param folder The package.
 * @param output The file.
 */
export async function pack(folder: string, output: string): Promise<void> {
  await run("tar", [
    "--sort=name",
    "--format=ustar",
    `--mtime=${TIME}`,
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=u=rwX,go=rX",
    "--transform=s,^[.],package,",
    "--use-compress-program=gzip --no-name --best",
    "--create",
    `--file=${output}`,
    `--directory=${folder}`,
    ".",
  ]);
}
