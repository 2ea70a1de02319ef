/**
 * Programs in C and Go, compiled when a test needs them.
 *
 * @module
 */

const PROGRAMS = `${import.meta.dirname}/programs`;
const known = new Map<string, string>();
let made: string | undefined;

/** A directory for programs that every user may run, removed at the end of the test module. */
function folder(): string {
  if (made === undefined) {
    made = Deno.makeTempDirSync({ prefix: "ipcx-programs-" });
    Deno.chmodSync(made, 0o755);
    const path = made;
    addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
  }
  return made;
}

function run(command: string, args: readonly string[]): void {
  const { success, stderr } = new Deno.Command(command, { args: [...args], stdin: "null" }).outputSync();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/**
 * Compiles a program of the folder `programs`, once.
 *
 * @param source Its file.
 * @param flags What the compiler is told beside that.
 * @returns Where it is.
 */
export function compiled(source: string, ...flags: string[]): string {
  const key = [source, ...flags].join(" ");
  let path = known.get(key);
  if (path === undefined) {
    path = `${folder()}/${known.size}-${source.replace(/\.\w+$/, "")}`;
    const warnings = ["-std=gnu17", "-Wall", "-Wextra", "-Werror"];
    if (source.endsWith(".go")) run("go", ["build", ...flags, "-o", path, `${PROGRAMS}/${source}`]);
    else run("cc", [...warnings, "-o", path, `${PROGRAMS}/${source}`, ...flags]);
    known.set(key, path);
  }
  return path;
}

/**
 * Tells whether there is a command.
 *
 * @param command Its name, or its path.
 * @returns Why a test that needs it is skipped, or `false`.
 */
export function missing(command: string): string | false {
  const folders = command.startsWith("/") ? [""] : (Deno.env.get("PATH") ?? "").split(":");
  const found = folders.some((path) => {
    try {
      return Deno.statSync(path === "" ? command : `${path}/${command}`).isFile;
    } catch {
      return false;
    }
  });
  return found ? false : `there is no ${command}`;
}
