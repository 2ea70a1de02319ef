/**
 * Files that a package consists of, and writing them as they are to be packed.
 *
 * @module
 */

import { dirname } from "node:path";
import { lutimesSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** A file, by what is in it, by one that is the same, or by what it points at. */
export type Entry =
  | { content: string | Uint8Array; mode?: number }
  | { copyOf: string; mode?: number }
  | { linkTo: string };

/** Files by their paths, without a slash at the beginning. Folders are there because files are in them. */
export type FileTree = ReadonlyMap<string, Entry>;

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** What may be run. */
export const EXECUTABLE = 0o755;

/**
 * Compresses a file as Debian has it: as far as gzip can, without a name or a time.
 *
 * @param text What is in it.
 * @returns The compressed bytes, the same for the same text.
 */
export function gzipped(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}

/**
 * Names the files of a folder, and of those in it.
 *
 * @param folder The folder, with a slash at its end.
 * @param to The path in the tree, with a slash at its end.
 * @returns Copies of them.
 */
export function copiesOf(folder: string, to: string): [string, Entry][] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? copiesOf(`${folder}${name}/`, `${to}${name}/`) : [[to + name, {
      copyOf: folder + name,
      mode: Deno.statSync(folder + name).mode! & 0o111 ? EXECUTABLE : FILE_MODE,
    }]]
  );
}

function write(path: string, entry: Entry): void {
  if ("linkTo" in entry) return Deno.symlinkSync(entry.linkTo, path);
  if ("copyOf" in entry) Deno.copyFileSync(entry.copyOf, path);
  else if (typeof entry.content === "string") Deno.writeTextFileSync(path, entry.content);
  else Deno.writeFileSync(path, entry.content);
  Deno.chmodSync(path, entry.mode ?? FILE_MODE);
}

/**
 * Writes files.
 *
 * @param root Where to; it is there, and empty.
 * @param tree What.
 * @param time When they were changed last, in seconds since 1970.
 */
export function writeTree(root: string, tree: FileTree, time: number): void {
  const folders = new Set<string>([root]);
  const make = (folder: string): void => {
    if (folders.has(folder)) return;
    make(dirname(folder));
    Deno.mkdirSync(folder);
    folders.add(folder);
  };
  for (const [path, entry] of tree) {
    make(dirname(`${root}/${path}`));
    write(`${root}/${path}`, entry);
    lutimesSync(`${root}/${path}`, time, time);
  }
  for (const folder of folders) {
    // Whatever the umask is.
    Deno.chmodSync(folder, FOLDER_MODE);
    Deno.utimeSync(folder, time, time);
  }
}

/**
 * Reads what is in a file.
 *
 * @param entry The file.
 * @returns Its bytes; `undefined` for a link.
 */
export function bytesOf(entry: Entry): Uint8Array | undefined {
  if ("linkTo" in entry) return undefined;
  if ("copyOf" in entry) return Deno.readFileSync(entry.copyOf);
  return typeof entry.content === "string" ? new TextEncoder().encode(entry.content) : entry.content;
}
