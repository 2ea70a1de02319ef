/**
 * Makes what `deno bundle` has written the same wherever it was made.
 *
 * It has the paths of npm's packages in it, seen from the repository, and names
 * files by hashes of that: another checkout or another cache gave other bytes,
 * and everybody could read whose home it was.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** A path into Deno's cache, in a comment or a string. */
const CACHED = /(["'`]|^ *\/\/ )[^"'`\n]*?npm\/registry\.npmjs\.org\//gm;

/** A name that `deno bundle` has given, and where it is used. */
const HASHED = /^(.+)-[A-Z0-9]{8}\.js$/;
const REFERENCE = /"\.\/([^"/]+\.js)"/g;

/** Files name files: their hashes go round until they depend on all that is behind them. */
const ROUNDS = 8;

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
}

/** Replaces the names of files by what is known of them. */
function withNames(source: string, names: ReadonlyMap<string, string>): string {
  return source.replace(REFERENCE, (text, name) => names.has(name) ? `"./${names.get(name)}"` : text);
}

function canonicalNames(sources: ReadonlyMap<string, string>): Map<string, string> {
  const stemOf = (name: string) => HASHED.exec(name)?.[1];
  let names = new Map(Array.from(sources.keys(), (name) => [name, stemOf(name) ?? name]));
  for (let round = 0; round < ROUNDS; round++) {
    names = new Map(Array.from(sources, ([name, source]) => {
      const stem = stemOf(name);
      return [name, stem === undefined ? name : `${stem}-${hashOf(withNames(source, names))}.js`];
    }));
  }
  if (new Set(names.values()).size < names.size) throw new Error("deno bundle has written two files that are the same");
  return names;
}

/**
 * Renames the files of a bundle by what is in them, without the paths of where it was made.
 *
 * @param folder Where they are; nothing else is there.
 * @throws {Error} If two of them are the same.
 */
export function makeCanonical(folder: string): void {
  const read = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  const sources = new Map(
    read.map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`).replace(CACHED, "$1npm/")]),
  );
  const names = canonicalNames(sources);
  for (const name of read) Deno.removeSync(`${folder}/${name}`);
  for (const [name, source] of sources) {
    Deno.writeTextFileSync(`${folder}/${names.get(name)}`, withNames(source, names));
  }
}
