/**
 * Which versions of others' programs and libraries the portable form carries, as these tell themselves.
 *
 * @module
 */

import { nativeFiles } from "../native_files.ts";
import { readLibraries } from "../portable/native.ts";
import { findRuntime } from "../portable/runtime.ts";
import { HOST, type Target } from "../targets.ts";

/** What is carried besides the packages from npm. */
export interface CarriedParts {
  /** The version of Deno. */
  deno: string;
  /** glibc, and who has built it. */
  glibc: string;
  /** GCC, of which libgcc is a part, and who has built it. */
  gcc: string;
}

function find(bytes: Uint8Array, pattern: RegExp, what: string): string {
  const [, builder, version] = pattern.exec(new TextDecoder("latin1").decode(bytes)) ?? [];
  if (version === undefined) throw new Error(`${what} does not tell its version`);
  return builder.includes(version) ? builder : `${version} (${builder})`;
}

function versionOfRuntime(target: Target): string {
  if (target === HOST) return Deno.version.deno;
  // A package of npm, in a folder that is named after its version.
  return findRuntime(target, () => {}).split("/").at(-2)!;
}

/**
 * Finds out what a portable program for a processor carries.
 *
 * @param target Which.
 * @returns The versions.
 * @throws {Error} If the libraries for it are not there, or do not tell.
 */
export function carriedParts(target: Target): CarriedParts {
  const [libc] = Object.values(readLibraries(target).glibc);
  return {
    deno: versionOfRuntime(target),
    glibc: find(libc, /GNU C Library \(([^)]+)\) (?:stable|development) release version (\d+\.\d+)/, "glibc"),
    gcc: find(nativeFiles(target).library, /GCC: \(([^)]+)\) (\d+(?:\.\d+)+)/, "the compiler"),
  };
}
