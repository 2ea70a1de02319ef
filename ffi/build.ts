/**
 * Compiles the C shim into ffi/libipcx.so and the waiter into ffi/ipcx-waiter,
 * unless they are newer than their sources.
 *
 * @module
 */

const folder = new URL(".", import.meta.url).pathname;
const library = `${folder}libipcx.so`;
const waiter = `${folder}ipcx-waiter`;

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
 * Runs the system's C compiler.
 *
 * @param args Its arguments.
 * @param compiler Which.
 * @throws {Error} When there is none, or when it fails; the message says what
 * to install, or what the compiler said.
 */
export function compile(args: string[], compiler: string = Deno.env.get("CC") ?? "cc"): void {
  let result: Deno.CommandOutput;
  try {
    result = new Deno.Command(compiler, { args, stdout: "piped", stderr: "piped" }).outputSync();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `no C compiler: '${compiler}' is not installed ` +
        "(Debian, Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc glibc-static; Alpine is not supported)",
    );
  }
  if (!result.success) throw new Error(`${compiler} failed:\n${new TextDecoder().decode(result.stderr)}`);
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
function build(output: string, args: string[]): void {
  if (isCurrent(output)) return;
  const partial = `${output}.${Deno.pid}`;
  compile([...WARNINGS, "-O2", "-o", partial, ...args]);
  Deno.renameSync(partial, output);
}

/** nodelete: on its way out Deno unloads libraries, under the feet of the waker's thread. */
const LINKING = ["-fPIC", "-shared", "-Wl,-soname,libipcx.so,-z,nodelete", "-lpthread"];

/** Static: it runs where there are no libraries. */
const WAITER_LINKING = ["-static", "-s"];

if (import.meta.main) {
  try {
    build(library, [...shimSources(), ...LINKING]);
    build(waiter, [...waiterSources(), ...WAITER_LINKING]);
  } catch (error) {
    console.error(`ipcx: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
