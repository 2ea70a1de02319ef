/**
 * The Debian package.
 *
 * @module
 */

import { debianChangelog, type Release, timeOf } from "../changelog.ts";
import { copyright } from "../copyright/copyright.ts";
import { type Entry, type FileTree, gzipped, writeTree } from "../file_tree.ts";
import { configuration, installation } from "../installation.ts";
import { run } from "../run.ts";
import type { Target } from "../targets.ts";
import { controlFiles, maintainer } from "./control.ts";

const FOLDER = new URL("./", import.meta.url).pathname;

/** How to pack: as dpkg-deb(1) has it. `none` is for those who try it out. */
export type Compression = "xz" | "none";

/**
 * Tells what the package installs.
 *
 * @param program The program.
 * @param releases All versions, the newest first.
 * @param target For which processor.
 * @returns All files.
 */
async function installed(program: string, releases: readonly Release[], target: Target): Promise<FileTree> {
  const places = { program, prefix: "/usr", zsh: "share/zsh/vendor-completions" };
  const below = Array.from(
    installation(places, releases[0]),
    ([path, entry]): [string, Entry] => [`usr/${path}`, entry],
  );
  const changelog = debianChangelog(releases, maintainer());
  return new Map<string, Entry>([
    ...below,
    ...configuration(),
    ["usr/share/doc/ipcx/copyright", { content: await copyright(target, "/usr/share/common-licenses/") }],
    ["usr/share/doc/ipcx/changelog.gz", { content: gzipped(changelog) }],
    ["usr/share/lintian/overrides/ipcx", { copyOf: `${FOLDER}lintian-overrides` }],
  ]);
}

/**
 * Makes the package.
 *
 * @param program The program, for that processor.
 * @param releases All versions, the newest first, which is the one that is made.
 * @param target The processor.
 * @param output The file; one that is there is replaced at once.
 * @param compression How it is packed.
 * @throws {Error} What dpkg-deb says, or what is missing.
 */
export async function makeDeb(
  program: string,
  releases: readonly Release[],
  target: Target,
  output: string,
  compression: Compression = "xz",
): Promise<void> {
  const time = timeOf(releases[0]);
  const tree = await installed(program, releases, target);
  const folder = await Deno.makeTempDir({ prefix: "ipcx-deb-" });
  try {
    writeTree(folder, new Map([...tree, ...controlFiles(tree, releases[0], target)]), time);
    const partial = `${output}.${Deno.pid}`;
    await run("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", folder, partial], {
      env: { SOURCE_DATE_EPOCH: `${time}` },
    });
    await Deno.rename(partial, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
