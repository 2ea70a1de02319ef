/**
 * Builds the driver of the shim, and the programs that it starts, for any
 * processor that there is a compiler for.
 *
 * @module
 */

import { compile, compilerFor, shimSources, WARNINGS } from "../../ffi/build.ts";

const here = import.meta.dirname!;

/** What tests build is kept here. */
export const BUILD_FOLDER: string = `${here}/../build`;
Deno.mkdirSync(BUILD_FOLDER, { recursive: true });

/** How the program that says where it runs is built, by the names under which the driver looks for it. */
const PROGRAMS: Record<string, string[]> = {
  "dynamic": [],
  "fixed": ["-no-pie"],
  "static": ["-static"],
  "static-pie": ["-static-pie"],
};

/**
 * Builds a file that is complete whenever it can be seen, also by another run.
 *
 * @param name Its name.
 * @param produce Makes it at a path.
 * @returns Its path.
 */
export function built(name: string, produce: (output: string) => void): string {
  const partial = `${BUILD_FOLDER}/${name}.${Deno.pid}`;
  produce(partial);
  Deno.renameSync(partial, `${BUILD_FOLDER}/${name}`);
  return `${BUILD_FOLDER}/${name}`;
}

/** Names the C sources of the driver. */
export function driverSources(): string[] {
  return Array.from(Deno.readDirSync(here), (entry) => `${here}/${entry.name}`).filter((path) => path.endsWith(".c"));
}

/**
 * Builds the driver together with the shim.
 *
 * @param target The processor.
 * @param sanitizers The flags for them.
 * @returns Its path.
 */
export function buildDriver(target: string, sanitizers: readonly string[]): string {
  return built(`shim_driver.${target}`, (output) => {
    const sources = [...shimSources(), ...driverSources()];
    compile([...WARNINGS, ...sanitizers, "-o", output, ...sources, "-lpthread"], compilerFor(target));
  });
}

/**
 * Builds the programs that the driver starts; where a library for one is
 * missing, it goes without.
 *
 * @param target The processor.
 * @returns A folder, which the caller removes.
 */
export function buildPrograms(target: string): string {
  const compiler = compilerFor(target);
  const folder = `${BUILD_FOLDER}/programs.${target}.${Deno.pid}`;
  Deno.mkdirSync(folder, { recursive: true });
  const source = `${here}/programs/probe.c`;
  for (const [name, flags] of Object.entries(PROGRAMS)) {
    try {
      compile([...WARNINGS, ...flags, "-o", `${folder}/${name}`, source], compiler);
    } catch {
      // The driver says so.
    }
  }
  // A program whose library is gone when it is started.
  const library = `${folder}/libgone.so`;
  compile([...WARNINGS, "-shared", "-fPIC", "-o", library, source], compiler);
  compile([...WARNINGS, "-o", `${folder}/incomplete`, source, `-L${folder}`, "-Wl,--no-as-needed", "-lgone"], compiler);
  Deno.removeSync(library);
  return folder;
}
