/**
 * The processors that ipcx can be made for.
 *
 * @module
 */

/** A processor. */
export interface Target {
  /** As compilers and `uname -m` call it. */
  name: typeof Deno.build.arch;
  /** The cross compiler, where it is not the compiler of this machine. */
  compiler: string;
  /** What a Debian package for it is called by. */
  debian: string;
  /** The npm package that the runtime is in. */
  runtime: string;
  /** The dynamic loader of its glibc. */
  loader: string;
}

/** All of them. */
export const TARGETS: readonly Target[] = [
  {
    name: "x86_64",
    compiler: "x86_64-linux-gnu-gcc",
    debian: "amd64",
    runtime: "@deno/linux-x64-glibc",
    loader: "ld-linux-x86-64.so.2",
  },
  {
    name: "aarch64",
    compiler: "aarch64-linux-gnu-gcc",
    debian: "arm64",
    runtime: "@deno/linux-arm64-glibc",
    loader: "ld-linux-aarch64.so.1",
  },
];

/**
 * Finds a processor by its name.
 *
 * @param name As `uname -m` calls it.
 * @returns The processor.
 * @throws {RangeError} For one that ipcx is not made for.
 */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((known) => known.name === name);
  if (target) return target;
  throw new RangeError(
    `'${name}' is no processor that ipcx is made for: ${TARGETS.map(({ name }) => name).join(", ")}`,
  );
}

/** The processor of this machine. */
export const HOST: Target = targetNamed(Deno.build.arch);
