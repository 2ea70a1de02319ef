/**
 * What a program in one file is made of: the hash of each of its parts, at its end (deploy/portable).
 *
 * Each part reaches up to the next one, and the last up to the manifest, which is
 * text, as of sha256sum(1), and whose last line is the hash of the lines before.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";

/** A part of a file. */
export interface ManifestPart {
  /** What it is called. */
  name: string;
  /** Where it begins, in bytes from the beginning of the file. */
  at: number;
}

/** A line of the manifest. */
export interface ManifestLine extends ManifestPart {
  /** SHA-256 of all up to the next one. */
  hash: string;
}

/** How long the last line is: the hash, how long the lines before are, and what is between. */
export const LAST_LINE = 64 + 1 + 8 + 1;

const LINE = /^([0-9a-f]{64}) {2}(\d+) (\S+)$/;

function sha256(): Hash {
  return createHash("sha256");
}

/**
 * Writes the manifest.
 *
 * @param parts What is before it, in order.
 * @param end Where it will be.
 * @returns Its bytes; how many they are depends on names and places only.
 */
export function writeManifest(
  parts: readonly (ManifestPart & { bytes: Uint8Array })[],
  end: number,
): Uint8Array<ArrayBuffer> {
  const lines = parts.map(({ name, at, bytes }, index) => {
    const zeros = new Uint8Array((parts[index + 1]?.at ?? end) - at - bytes.length);
    return `${sha256().update(bytes).update(zeros).digest("hex")}  ${at} ${name}\n`;
  }).join("");
  const encoder = new TextEncoder();
  const { length } = encoder.encode(lines);
  return encoder.encode(`${lines}${sha256().update(lines).digest("hex")} ${String(length).padStart(8)}\n`);
}

/**
 * Reads the last line.
 *
 * @param text The last bytes of a file, {@linkcode LAST_LINE} of them.
 * @returns The hash of the lines before, and their length in bytes; `undefined` if it is no such line.
 */
export function readLastLine(text: string): { hash: string; length: number } | undefined {
  const found = /^([0-9a-f]{64}) +(\d+)\n$/.exec(text);
  return found ? { hash: found[1], length: Number(found[2]) } : undefined;
}

/**
 * Reads the lines before.
 *
 * @param text All of them.
 * @param hash What they have to be.
 * @returns The parts, in order; `undefined` if the lines are others.
 */
export function readManifest(text: Uint8Array, hash: string): ManifestLine[] | undefined {
  if (sha256().update(text).digest("hex") !== hash) return undefined;
  const lines = new TextDecoder().decode(text).trimEnd().split("\n").map((line) => LINE.exec(line));
  return lines.every((line) => line !== null)
    ? lines.map(([, hash, at, name]) => ({ hash, at: Number(at), name }))
    : undefined;
}

/**
 * Hashes pieces.
 *
 * @param pieces Pieces of a part, in order.
 * @returns SHA-256, as the manifest has it.
 */
export function hashOf(pieces: Iterable<Uint8Array>): string {
  const hash = sha256();
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
