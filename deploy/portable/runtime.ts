/**
 * The runtime of a portable program: this Deno, or the same for another processor.
 *
 * @module
 */

import { HOST, type Target } from "../targets.ts";

function run(args: readonly string[]): { success: boolean; out: string } {
  const { success, stdout } = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdout: "piped",
    stderr: "null",
    env: { NO_COLOR: "1" },
  }).outputSync();
  return { success, out: new TextDecoder().decode(stdout) };
}

/** Puts the npm package into Deno's cache, which checks its hash. */
function fetchPackage(name: string, version: string): boolean {
  return run(["cache", "--quiet", "--no-config", "--no-lock", `npm:${name}@${version}`]).success;
}

function cachedVersions(folder: string): string[] {
  const versions = Array.from(Deno.readDirSync(folder)).filter(({ isDirectory }) => isDirectory).map(({ name }) =>
    name
  );
  return versions.sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
}

/**
 * Finds the runtime for a processor.
 *
 * @param target Which.
 * @param log Is told if it is not the version that runs here.
 * @returns The path of its ELF file.
 * @throws {Error} If npm has none.
 */
export function findRuntime(target: Target, log: (line: string) => void): string {
  if (target === HOST) return Deno.execPath();
  const wanted = Deno.version.deno;
  const [major, minor] = wanted.split(".");
  const exact = fetchPackage(target.runtime, wanted);
  if (!exact && !fetchPackage(target.runtime, `~${major}.${minor}.0`)) {
    throw new Error(
      `npm has no ${target.runtime} ${major}.${minor}: name a 'deno' for ${target.name} with --runtime FILE`,
    );
  }
  const { npmCache } = JSON.parse(run(["info", "--json"]).out) as { npmCache: string };
  const folder = `${npmCache}/registry.npmjs.org/${target.runtime}`;
  const version = exact
    ? wanted
    : cachedVersions(folder).filter((name) => name.startsWith(`${major}.${minor}.`)).at(-1)!;
  if (!exact) log(`npm has no Deno ${wanted} for ${target.name}: ${version} is taken`);
  return `${folder}/${version}/deno`;
}
