/**
 * Packages that are made for tests.
 *
 * @module
 */

import { type Release, releases } from "../../deploy/changelog.ts";
import { makeDeb } from "../../deploy/deb/package.ts";
import type { Packing } from "../../deploy/packaging.ts";
import { HOST } from "../../deploy/targets.ts";
import { EXECUTABLE } from "../../deploy/file_tree.ts";
import type { OwnDirectory } from "../claim.ts";

/** The version after the one that is made. */
export const NEXT: Release = {
  version: "99.0.0",
  day: "2030-01-01",
  entries: ["A program that only tells its version."],
};

/** A program that is small, for tests of what is around it. */
export function smallProgram(directory: OwnDirectory): string {
  const path = directory.file("small");
  Deno.writeTextFileSync(path, `#!/bin/sh\necho "ipcx ${NEXT.version}"\n`);
  Deno.chmodSync(path, EXECUTABLE);
  return path;
}

/** What is to be packed for this machine. */
export function packing(program: string, output: string): Packing {
  return { program, releases: releases(), target: HOST, output };
}

/**
 * Makes a package of a program, without taking the time to compress it.
 *
 * @param directory Where.
 * @param program The program.
 * @returns Its path.
 */
export async function debOf(directory: OwnDirectory, program: string): Promise<string> {
  const output = directory.file("ipcx.deb");
  await makeDeb(packing(program, output), "none");
  return output;
}

/** Makes the package that comes after it. */
export async function nextDeb(directory: OwnDirectory): Promise<string> {
  const output = directory.file("next.deb");
  const { releases, ...rest } = packing(smallProgram(directory), output);
  await makeDeb({ ...rest, releases: [NEXT, ...releases] }, "none");
  return output;
}
