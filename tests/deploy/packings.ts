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

/** The version after the one that is made. */
export const NEXT: Release = {
  version: "99.0.0",
  day: "2030-01-01",
  entries: ["A program that only tells its version."],
};

const made = new Map<string, Promise<string>>();
let folder: string | undefined;

/** A directory for packages, removed at the end of the test module. */
function ownFolder(): string {
  if (folder === undefined) {
    const path = Deno.makeTempDirSync({ prefix: "ipcx-packages-" });
    addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
    folder = path;
  }
  return folder;
}

/** A program that is small, for tests of what is around it. */
export function smallProgram(): string {
  const path = `${ownFolder()}/small`;
  Deno.writeTextFileSync(path, `#!/bin/sh\necho "ipcx ${NEXT.version}"\n`);
  Deno.chmodSync(path, EXECUTABLE);
  return path;
}

/** What is to be packed for this machine. */
export function packing(program: string, output: string): Packing {
  return { program, releases: releases(), target: HOST, output };
}

/**
 * Makes a package of a program once, without taking the time to compress it.
 *
 * @param program The program.
 * @param newer Versions that come after the one that is made.
 * @returns Its path.
 */
export function debOf(program: string, ...newer: Release[]): Promise<string> {
  const key = [program, ...newer.map(({ version }) => version)].join(" ");
  const deb = made.get(key) ?? pack(program, newer, `${ownFolder()}/${made.size}.deb`);
  made.set(key, deb);
  return deb;
}

async function pack(program: string, newer: Release[], output: string): Promise<string> {
  const { releases, ...rest } = packing(program, output);
  await makeDeb({ ...rest, releases: [...newer, ...releases] }, "none");
  return output;
}
