/**
 * What a portable program is made of, beside the program itself.
 *
 * @module
 */

import { compile, WARNINGS } from "../../ffi/build.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** A processor that programs can be made for. */
export interface Target {
  /** As compilers and `uname -m` call it. */
  name: "x86_64" | "aarch64";
  /** The compiler. */
  compiler: string;
  /** The dynamic loader of its glibc. */
  loader: string;
}

/** All of them. */
export const TARGETS: readonly Target[] = [
  { name: "x86_64", compiler: "x86_64-linux-gnu-gcc", loader: "ld-linux-x86-64.so.2" },
  { name: "aarch64", compiler: "aarch64-linux-gnu-gcc", loader: "ld-linux-aarch64.so.1" },
];

/** What the runtime is linked with; the loader itself apart. */
const LIBRARIES = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libdl.so.2", "librt.so.1", "libpthread.so.0"];

/** Without a libc, and without anything that would have to be relocated or looked up. */
const LAUNCHER_FLAGS = [
  "-O2",
  "-static-pie",
  "-fPIE",
  "-ffreestanding",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fno-tree-loop-distribute-patterns",
  "-fvisibility=hidden",
  "-nostdlib",
  "-Wl,-z,noexecstack,-z,relro,-z,now",
  "-s",
];

/** Names the C sources of the launcher. */
export function launcherSources(): string[] {
  const folder = `${ROOT}ffi/launcher/`;
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(".c")).sort()
    .map((name) => folder + name);
}

/**
 * Compiles the launcher.
 *
 * @param output Where to.
 */
export function compileLauncher(output: string): void {
  compile([...WARNINGS, ...LAUNCHER_FLAGS, "-o", output, ...launcherSources()]);
}

function fileOfCompiler(compiler: string, name: string): string {
  const { stdout } = new Deno.Command(compiler, { args: [`-print-file-name=${name}`] }).outputSync();
  const path = new TextDecoder().decode(stdout).trim();
  if (!path.startsWith("/")) throw new Error(`${compiler} has no ${name}`);
  return path;
}

/**
 * Reads the dynamic loader and the libraries that go with it.
 *
 * @param target For which processor.
 * @returns The loader and the libraries.
 */
export function readLibraries(target: Target): { loader: Uint8Array<ArrayBuffer>; libraries: Uint8Array<ArrayBuffer>[] } {
  const read = (name: string) => Deno.readFileSync(fileOfCompiler(Deno.env.get("CC") ?? "cc", name));
  return { loader: read(target.loader), libraries: LIBRARIES.map(read) };
}
