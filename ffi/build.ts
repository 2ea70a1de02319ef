/**
 * Compiles the C shim into ffi/libipcx.so and the waiter into ffi/ipcx-waiter,
 * unless they are newer than their sources; what is for another processor than
 * this one goes to ffi/build/PROCESSOR/ instead.
 *
 * @module
 */

const folder = decodeURIComponent(new URL(".", import.meta.url).pathname);

/** The processors that there is code for, and what marks an ELF file as one's own (elf(5)). */
const MACHINES: Readonly<Record<string, number>> = { x86_64: 62, aarch64: 183 };

/** What Debian calls the cross compiler of a processor, and the libc for it. */
const CROSS_PACKAGES: Readonly<Record<string, string>> = {
  x86_64: "gcc-x86-64-linux-gnu libc6-dev-amd64-cross",
  aarch64: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
};

const NATIVE_PACKAGES =
  "Debian, Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc glibc-static; Alpine is not supported";

/** The flags that every build of the shim has, sanitized ones included. */
export const WARNINGS: readonly string[] = ["-std=gnu17", "-Wall", "-Wextra", "-Werror"];

function namesIn(path: string, ending: RegExp): string[] {
  return Array.from(Deno.readDirSync(path)).map(({ name }) => name).filter((name) => ending.test(name)).sort()
    .map((name) => path + name);
}

/** Names the C sources of the shim, in alphabetical order. */
export function shimSources(): string[] {
  return namesIn(folder, /\.c$/);
}

/** Names the C sources of the waiter, in alphabetical order, then what it shares with the shim. */
export function waiterSources(): string[] {
  return [...namesIn(`${folder}waiter/`, /\.c$/), `${folder}steps.c`];
}

/**
 * Names the C compiler for a processor: what the variable CC says, or else the
 * system's, or Debian's cross compiler.
 *
 * @param target The processor, as `uname -m` calls it.
 */
export function compilerFor(target: string): string {
  return Deno.env.get("CC") ?? (target === Deno.build.arch ? "cc" : `${target}-linux-gnu-gcc`);
}

/**
 * Runs a C compiler.
 *
 * @param args Its arguments.
 * @param compiler Which; by default that for this machine.
 * @throws {Error} When there is none, or when it fails; the message says what
 * to install, or what the compiler said.
 */
export function compile(args: string[], compiler: string = compilerFor(Deno.build.arch)): void {
  let result: Deno.CommandOutput;
  try {
    result = new Deno.Command(compiler, { args, stdout: "piped", stderr: "piped" }).outputSync();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const target = Object.keys(MACHINES).find((name) => compiler === `${name}-linux-gnu-gcc`);
    throw new Error(
      target
        ? `no C compiler for ${target}: '${compiler}' is not installed ` +
          `(Debian, Ubuntu: apt-get install ${CROSS_PACKAGES[target]}; elsewhere name one: CC=…)`
        : `no C compiler: '${compiler}' is not installed (${NATIVE_PACKAGES})`,
    );
  }
  if (!result.success) throw new Error(`${compiler} failed:\n${new TextDecoder().decode(result.stderr)}`);
}

/** `CC` may well name a compiler for another machine than the one that is asked for. */
function checkMachine(path: string, target: string): void {
  using file = Deno.openSync(path);
  const head = new Uint8Array(20);
  file.readSync(head);
  if (new DataView(head.buffer).getUint16(18, true) !== MACHINES[target]) {
    throw new Error(`'${compilerFor(target)}' does not compile for ${target}: unset CC, or name another`);
  }
}

function isCurrent(output: string): boolean {
  const time = (path: string) => Deno.statSync(path).mtime?.getTime() ?? Infinity;
  const sources = [folder, `${folder}waiter/`].flatMap((path) => namesIn(path, /\.[ch]$/));
  try {
    const built = time(output);
    return [...sources, import.meta.filename!].every((path) => time(path) < built);
  } catch {
    return false;
  }
}

/** Two builds at once must not show each other half a file. */
function build(output: string, target: string, args: string[]): void {
  if (isCurrent(output)) return;
  const partial = `${output}.${Deno.pid}`;
  try {
    compile([...WARNINGS, "-O2", "-o", partial, ...args], compilerFor(target));
    checkMachine(partial, target);
    Deno.renameSync(partial, output);
  } catch (error) {
    try {
      Deno.removeSync(partial);
    } catch {
      // The compiler has made none.
    }
    throw error;
  }
}

/** nodelete: on its way out Deno unloads libraries, under the feet of the waker's thread. */
const LINKING = ["-fPIC", "-shared", "-Wl,-soname,libipcx.so,-z,nodelete", "-lpthread"];

/** Static: it runs where there are no libraries. */
const WAITER_LINKING = ["-static", "-s"];

const USAGE = "Usage: deno task build [--target x86_64|aarch64]";

function targetOf(args: readonly string[]): string {
  const [first, second, ...others] = args.flatMap((argument) => argument.split(/(?<=^--target)=/));
  if (first === undefined) return Deno.build.arch;
  if (first !== "--target" || second === undefined || others.length > 0) throw new RangeError(USAGE);
  if (second in MACHINES) return second;
  throw new RangeError(`'${second}' is no processor that there is code for\n${USAGE}`);
}

if (import.meta.main) {
  try {
    const target = targetOf(Deno.args);
    const place = target === Deno.build.arch ? folder : `${folder}build/${target}/`;
    Deno.mkdirSync(place, { recursive: true });
    build(`${place}libipcx.so`, target, [...shimSources(), ...LINKING]);
    build(`${place}ipcx-waiter`, target, [...waiterSources(), ...WAITER_LINKING]);
  } catch (error) {
    console.error(`ipcx: ${(error as Error).message}`);
    Deno.exit(error instanceof RangeError ? 2 : 1);
  }
}
