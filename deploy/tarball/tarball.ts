/**
 * The tarball: all that is installed, to be unpacked into /usr/local.
 *
 * @module
 */

import { timeOf } from "../changelog.ts";
import { copyright, WHOLE_LICENCES } from "../copyright/copyright.ts";
import { copiesOf, type Entry, type FileTree, writeTree } from "../file_tree.ts";
import { configuration, installation } from "../installation.ts";
import type { Packing } from "../packaging.ts";
import { run } from "../run.ts";
import type { Target } from "../targets.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);

/** From 1, which is fast, to 9. */
export type Level = 1 | 9;

/**
 * Names the tarball, and the one folder that is in it.
 *
 * @param version Of ipcx.
 * @param target The processor.
 * @returns The name, without an ending.
 */
export function tarballName(version: string, target: Target): string {
  return `ipcx-${version}-linux-${target.name}`;
}

async function contents({ program, releases, target }: Packing): Promise<FileTree> {
  const places = { program, prefix: "/usr/local", zsh: "share/zsh/site-functions" };
  const doc = "share/doc/ipcx";
  return new Map<string, Entry>([
    ...installation(places, releases[0]),
    // Not in etc: what is unpacked again must not take the place of what somebody has changed.
    ...configuration(`${doc}/examples/etc/`),
    [`${doc}/LICENSE`, { copyOf: `${ROOT}LICENSE` }],
    [`${doc}/CHANGELOG.md`, { copyOf: `${ROOT}CHANGELOG.md` }],
    [`${doc}/copyright`, { content: await copyright(target, "licences/") }],
    ...copiesOf(`${ROOT}deploy/licences/`, `${doc}/licences/`).filter(([path]) =>
      WHOLE_LICENCES.some((name) => path.endsWith(`/${name}`))
    ),
  ]);
}

/**
 * Makes the tarball.
 *
 * It is compressed by gzip, which is everywhere: xz would save a quarter.
 *
 * @param packing What is packed.
 * @param level How far it is compressed.
 * @throws {Error} What tar says, or what is missing.
 */
export async function makeTarball(packing: Packing, level: Level = 9): Promise<void> {
  const { releases, target, output } = packing;
  const name = tarballName(releases[0].version, target);
  const time = timeOf(releases[0]);
  const folder = await Deno.makeTempDir({ prefix: "ipcx-tarball-" });
  try {
    await Deno.mkdir(`${folder}/${name}`);
    writeTree(`${folder}/${name}`, await contents(packing), time);
    const partial = `${output}.${Deno.pid}`;
    await run("tar", [
      "--sort=name",
      "--format=ustar",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      `--use-compress-program=gzip --no-name -${level}`,
      "--create",
      `--file=${partial}`,
      `--directory=${folder}`,
      name,
    ]);
    await Deno.rename(partial, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
