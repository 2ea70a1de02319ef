/**
 * The archive of the program's parts, and boot scripts that know what is in it.
 *
 * @module
 */

import { bundleParts, bundleScript } from "./bundle.ts";
import type { Index } from "./loader.ts";

/** The program. */
export interface Archive {
  /** All parts, one behind the other. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where each is. */
  parts: Index;
}

/** What a part names by `require`. */
function requirementsOf(source: string): string[] {
  return Array.from(source.matchAll(/\brequire\("(\.\/[^"]+)"\)/g), ([, name]) => name);
}

/**
 * Makes the archive of the program.
 *
 * @param files What else goes into it, by name.
 * @returns The archive.
 */
export async function makeArchive(files: Readonly<Record<string, Uint8Array>> = {}): Promise<Archive> {
  const sources = await bundleParts("src/cli/main.ts");
  const encoder = new TextEncoder();
  const parts: Record<string, [number, number, string[]]> = {};
  const pieces: Uint8Array[] = [];
  let length = 0;
  const add = (name: string, bytes: Uint8Array, requires: string[]) => {
    parts[name] = [length, bytes.length, requires];
    pieces.push(bytes);
    length += bytes.length;
  };
  for (const [name, source] of sources) {
    add(name, encoder.encode(source), requirementsOf(source).filter((other) => sources.has(other)));
  }
  for (const [name, bytes] of Object.entries(files)) add(name, bytes, []);
  const bytes = new Uint8Array(length);
  pieces.reduce((at, piece) => (bytes.set(piece, at), at + piece.length), 0);
  return { bytes, parts };
}

/**
 * Writes the script that a form of the program begins with.
 *
 * @param entry Its module, a path in the repository.
 * @param program What it finds as `program`.
 * @returns Its JavaScript.
 */
export async function makeBoot(entry: string, program: Readonly<Record<string, unknown>>): Promise<string> {
  return `const program=${JSON.stringify(program)};${await bundleScript(entry)}`;
}
