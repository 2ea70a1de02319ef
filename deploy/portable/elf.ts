/**
 * Whether a file can be the runtime of a portable program: the launcher maps it as it is (ffi/launcher/image.c).
 *
 * @module
 */

import type { Target } from "../targets.ts";

/** elf(5): what marks the processors. */
const MACHINES: Readonly<Record<string, number>> = { x86_64: 62, aarch64: 183 };

const MAGIC = 0x7f454c46, CLASS_64 = 2, SHARED = 3, INTERPRETER = 3;

/** How long a program header is, and how much the launcher reads to find all of them. */
const HEADER_BYTES = 56, HEADERS_WITHIN = 4096;

/**
 * Tells for which processor an ELF file is.
 *
 * @param bytes The file.
 * @param target The processor.
 */
export function isFor(bytes: Uint8Array, target: Target): boolean {
  return (bytes[18] | bytes[19] << 8) === MACHINES[target.name];
}

/** The path of the dynamic loader that it asks for. */
function interpreterOf(bytes: Uint8Array, view: DataView): string | undefined {
  const [first, count] = [Number(view.getBigUint64(32, true)), view.getUint16(56, true)];
  if (first + count * HEADER_BYTES > HEADERS_WITHIN) return undefined;
  for (let at = first; at < first + count * HEADER_BYTES; at += HEADER_BYTES) {
    if (view.getUint32(at, true) !== INTERPRETER) continue;
    const from = Number(view.getBigUint64(at + 8, true));
    return new TextDecoder().decode(bytes.subarray(from, from + Number(view.getBigUint64(at + 32, true)) - 1));
  }
}

/**
 * Looks whether a file is a program that can be carried.
 *
 * @param bytes The file.
 * @param target The processor that it has to be for.
 * @returns What is wrong with it, or `undefined`.
 */
export function faultOfRuntime(bytes: Uint8Array, target: Target): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADERS_WITHIN || view.getUint32(0) !== MAGIC || bytes[4] !== CLASS_64) {
    return "it is no program of 64 bits";
  }
  if (!isFor(bytes, target)) return `it is not for ${target.name}`;
  if (view.getUint16(16, true) !== SHARED) return "it is not position-independent";
  const interpreter = interpreterOf(bytes, view);
  if (interpreter?.split("/").at(-1) === target.loader) return undefined;
  return `it is not linked with glibc: its loader is ${interpreter ?? "none"}, not ${target.loader}`;
}
