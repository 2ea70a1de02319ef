/**
 * Programs in C that run where there are no libraries.
 *
 * @module
 */

import { compile, WARNINGS } from "../../ffi/build.ts";
import { ROOT } from "../cli/program.ts";

/** Compiled ones, by their sources. */
const known = new Map<string, string>();

/**
 * Compiles a program of the folder `programs`, once in a process.
 *
 * @param name Its file, without `.c`.
 * @returns Where it is; every user may run it.
 */
export function staticProgram(name: string): string {
  let path = known.get(name);
  if (path === undefined) {
    path = `${ROOT}tests/build/portable_${name}`;
    const partial = `${path}.${Deno.pid}`;
    Deno.mkdirSync(`${ROOT}tests/build`, { recursive: true });
    compile([...WARNINGS, "-O1", "-static", "-o", partial, `${import.meta.dirname}/programs/${name}.c`]);
    Deno.renameSync(partial, path);
    known.set(name, path);
  }
  return path;
}
