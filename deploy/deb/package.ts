/**
 * The Debian package.
 *
 * @module
 */

import { debianChangelog, timeOf } from "../changelog.ts";
import { copyright } from "../copyright/copyright.ts";
import { type Entry, type FileTree, gzipped, writeTree } from "../file_tree.ts";
import { configuration, installation } from "../installation.ts";
import type { Packing } from "../packaging.ts";
import { run } from "../run.ts";
import { controlFiles, maintainer } from "./control.ts";

const FOLDER = decodeURIComponent(new URL("./", import.meta.url).pathname);

/** How it is compressed, by the names of dpkg-deb(1): `none` is fast. */
export type Compression = "xz" | "none";

async function installed({ program, releases, target }: Packing): Promise<FileTree> {
  const places = { program, prefix: "/usr", zsh: "share/zsh/vendor-completions" };
  const below = Array.from(
    installation(places, releases[0]),
    ([path, entry]): [string, Entry] => [`usr/${path}`, entry],
  );
  const changelog = debianChangelog(releases, maintainer());
  return new Map<string, Entry>([
    ...below,
    ...configuration("etc/"),
    ["usr/share/doc/ipcx/copyright", { content: await copyright(target, "/usr/share/common-licenses/") }],
    ["usr/share/doc/ipcx/changelog.gz", { content: gzipped(changelog) }],
    ["usr/share/lintian/overrides/ipcx", { copyOf: `${FOLDER}lintian-overrides` }],
  ]);
}

/**
 * Makes the package.
 *
 * @param packing What is packed.
 * @param compression How it is compressed.
 * @throws {Error} What dpkg-deb says, or what is missing.
 */
export async function makeDeb(packing: Packing, compression: Compression = "xz"): Promise<void> {
  const { releases: [release], target, output } = packing;
  const time = timeOf(release);
  const tree = await installed(packing);
  const folder = await Deno.makeTempDir({ prefix: "ipcx-deb-" });
  try {
    writeTree(folder, new Map([...tree, ...controlFiles(tree, release, target)]), time);
    const partial = `${output}.${Deno.pid}`;
    await run("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", folder, partial], {
      env: { SOURCE_DATE_EPOCH: `${time}` },
    });
    await Deno.rename(partial, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
