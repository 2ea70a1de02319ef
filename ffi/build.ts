/**
 * Compiles the C shim into ffi/libipcx.so, unless that is newer than its
 * sources.
 *
 * @module
 */

const folder = new URL(".", import.meta.url).pathname;
const output = `${folder}libipcx.so`;

/** The flags that every build of the shim has, sanitized ones included. */
export const WARNINGS: readonly string[] = ["-std=gnu17", "-Wall", "-Wextra", "-Werror"];

/** Names the C sources of the shim, in alphabetical order. */
export function shimSources(): string[] {
  return Array.from(Deno.readDirSync(folder))
    .map((entry) => entry.name)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => folder + name);
}

/**
 * Runs the system's C compiler.
 *
 * @param args Its arguments.
 * @throws {Error} When there is none, or when it fails; the message says what
 * to install, or what the compiler said.
 */
export function compile(args: string[]): void {
  const compiler = Deno.env.get("CC") ?? "cc";
  let result: Deno.CommandOutput;
  try {
    result = new Deno.Command(compiler, { args, stdout: "piped", stderr: "piped" }).outputSync();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `no C compiler: '${compiler}' is not installed ` +
        "(Debian, Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc; Alpine is not supported)",
    );
  }
  if (!result.success) throw new Error(`${compiler} failed:\n${new TextDecoder().decode(result.stderr)}`);
}

function isCurrent(): boolean {
  const time = (path: string) => Deno.statSync(path).mtime?.getTime() ?? Infinity;
  try {
    const built = time(output);
    return [...shimSources(), `${folder}ipcx.h`, import.meta.filename!].every((path) => time(path) < built);
  } catch {
    return false;
  }
}

/** nodelete: on its way out Deno unloads libraries, under the feet of the waker's thread. */
const LINKING = ["-fPIC", "-shared", "-Wl,-z,nodelete", "-lpthread"];

if (import.meta.main && !isCurrent()) {
  const partial = `${output}.${Deno.pid}`;
  try {
    compile([...WARNINGS, "-O2", "-o", partial, ...shimSources(), ...LINKING]);
    // Two builds at once must not show each other half a file.
    Deno.renameSync(partial, output);
  } catch (error) {
    console.error(`ipcx: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
