/**
 * Whether a program in one file is as it was made.
 *
 * @module
 */

import { hashOf, LAST_LINE, type ManifestLine, readLastLine, readManifest } from "./manifest.ts";

/** How much is read at once, in bytes. */
const PIECE = 1 << 20;

function* read(file: Deno.FsFile, from: number, to: number): Generator<Uint8Array<ArrayBuffer>> {
  file.seekSync(from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(Math.min(PIECE, to - from));
  for (let at = from; at < to;) {
    const count = file.readSync(buffer.subarray(0, Math.min(PIECE, to - at)));
    if (count === null) return;
    yield buffer.subarray(0, count);
    at += count;
  }
}

function readAll(file: Deno.FsFile, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from);
  let at = 0;
  for (const piece of read(file, from, to)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes.subarray(0, at);
}

function findManifest(file: Deno.FsFile, size: number): { parts: ManifestLine[]; at: number } | undefined {
  const last = readLastLine(new TextDecoder().decode(readAll(file, Math.max(size - LAST_LINE, 0), size)));
  const at = size - LAST_LINE - (last?.length ?? size);
  const parts = last && at >= 0 ? readManifest(readAll(file, at, at + last.length), last.hash) : undefined;
  return parts && { parts, at };
}

/**
 * Compares a file with the manifest at its end.
 *
 * @param path The file; a program in one file.
 * @returns The names of the parts that are not as they were made, `"manifest"` if that is not to be trusted itself.
 * @throws {Error} If it cannot be read.
 */
export function damagedParts(path: string): string[] {
  using file = Deno.openSync(path);
  const found = findManifest(file, file.statSync().size);
  if (!found) return ["manifest"];
  const { parts, at } = found;
  const endOf = (index: number): number => parts[index + 1]?.at ?? at;
  return parts.filter((part, index) => hashOf(read(file, part.at, endOf(index))) !== part.hash).map(({ name }) => name);
}
