/**
 * What a portable program has from the C compiler: the launcher, which is made
 * for it, and the glibc that the runtime needs.
 *
 * @module
 */

import { compile, WARNINGS } from "../../ffi/build.ts";
import { HOST, type Target } from "../targets.ts";
import { isFor } from "./elf.ts";

const FOLDER = decodeURIComponent(new URL("../../ffi/launcher/", import.meta.url).pathname);

/** What the runtime is linked with of glibc; the loader apart. */
const GLIBC = ["libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0"];

/** What it is linked with besides, and not every host with a glibc has. */
const COMPILER_LIBRARY = "libgcc_s.so.1";

/** Without a libc, and without anything that would have to be relocated or looked up. */
const LAUNCHER_FLAGS: readonly string[] = [
  "-O2",
  "-static-pie",
  "-fPIE",
  "-ffreestanding",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fno-tree-loop-distribute-patterns",
  "-nostdlib",
  "-Wl,-z,noexecstack,-z,relro,-z,now",
  "-s",
];

/** Names the C sources of the launcher. */
export function launcherSources(): string[] {
  return Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).filter((name) => name.endsWith(".c")).sort()
    .map((name) => FOLDER + name);
}

function compilerFor(target: Target): string {
  return Deno.env.get("CC") ?? (target === HOST ? "cc" : target.compiler);
}

/**
 * Compiles the launcher.
 *
 * @param target For which processor.
 * @returns The ELF file.
 * @throws {Error} What the compiler says, or that there is none.
 */
export function compileLauncher(target: Target): Uint8Array<ArrayBuffer> {
  const output = Deno.makeTempFileSync({ prefix: "ipcx-launcher-" });
  try {
    compile([...WARNINGS, ...LAUNCHER_FLAGS, "-o", output, ...launcherSources()], compilerFor(target));
    const launcher = Deno.readFileSync(output);
    if (isFor(launcher, target)) return launcher;
    throw new Error(`'${compilerFor(target)}' does not compile for ${target.name}: unset CC, or name another`);
  } finally {
    Deno.removeSync(output);
  }
}

function readOfCompiler(compiler: string, name: string): Uint8Array<ArrayBuffer> {
  const { stdout } = new Deno.Command(compiler, { args: [`-print-file-name=${name}`] }).outputSync();
  const path = new TextDecoder().decode(stdout).trim();
  if (!path.startsWith("/")) throw new Error(`${compiler} has no ${name}: is the libc for it installed?`);
  return Deno.readFileSync(path);
}

/** What a portable program carries for the runtime. */
export interface Libraries {
  /** The dynamic loader. */
  loader: Uint8Array<ArrayBuffer>;
  /** The rest of its glibc, by the names by which it is loaded. */
  glibc: Record<string, Uint8Array<ArrayBuffer>>;
  /** What is not of glibc. */
  others: Record<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Reads the dynamic loader and the libraries that go with it.
 *
 * @param target For which processor.
 * @returns What the compiler has.
 * @throws {Error} For one that is not installed.
 */
export function readLibraries(target: Target): Libraries {
  const read = (name: string) => readOfCompiler(compilerFor(target), name);
  const readAll = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, read(name)]));
  return { loader: read(target.loader), glibc: readAll(GLIBC), others: readAll([COMPILER_LIBRARY]) };
}
