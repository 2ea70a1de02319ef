/**
 * The package for JSR: what the library and the program consist of, and nothing else.
 *
 * JSR takes no imports of bytes, so what the C compiler has made travels as text in modules.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { dirname } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { nativeFiles } from "../native_files.ts";
import { run } from "../run.ts";
import type { Target } from "../targets.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);

/** What somebody can import: the library, and the program as `deno run -A jsr:@ipcx/ipcx/cli`. */
const EXPORTS = { ".": "./mod.ts", "./cli": "./cli.ts" };

/** Has a module of its own in each form of the program. */
const OWN_MODULE = "src/core/native_files.ts";

interface Graph {
  modules: { specifier: string; kind?: string; error?: string }[];
}

async function graphOf(entries: readonly string[]): Promise<Graph> {
  const graphs = await Promise.all(entries.map(async (entry) => {
    return JSON.parse(await run(Deno.execPath(), ["info", "--json", entry], { cwd: ROOT })) as Graph;
  }));
  return { modules: graphs.flatMap(({ modules }) => modules) };
}

/** The files of the repository that modules are made of, by their paths in it. */
function filesOf({ modules }: Graph): string[] {
  const broken = modules.find(({ error }) => error !== undefined);
  if (broken) throw new Error(broken.error);
  const own = pathToFileURL(ROOT).href;
  const paths = modules.map(({ specifier }) => specifier).filter((specifier) => specifier.startsWith(own))
    .map((specifier) => specifier.slice(own.length));
  return [...new Set(paths)].filter((path) => !path.startsWith("ffi/")).sort();
}

/** The names that the modules use, mapped as they are here. */
function importsOf({ modules }: Graph): Record<string, string> {
  const used = modules.map(({ specifier }) => specifier);
  const isUsed = (target: string): boolean => {
    if (!target.startsWith("npm:")) return used.includes(new URL(target, pathToFileURL(ROOT).href).href);
    const name = target.slice("npm:".length);
    return used.some((specifier) => specifier === `npm:/${name}` || specifier.startsWith(`npm:/${name}/`));
  };
  return Object.fromEntries(
    Object.entries(manifest.imports).filter(([name, target]) => name !== "ipcx" && isUsed(target)),
  );
}

function moduleOf(bytes: Uint8Array): string {
  return `/** What the C compiler has made, in base64. */
const bytes: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "${bytes.toBase64()}",
);
export default bytes;
`;
}

/** An expression for the bytes that a module has for this processor. */
function importFor(targets: readonly Target[], file: string): string {
  const [first, ...others] = targets.map(({ name }) => name);
  const imported = (name: string) => `await import("../../ffi/${file}_${name}.ts")`;
  return others.reduce(
    (rest, name) => `Deno.build.arch === "${name}" ? ${imported(name)} : ${rest}`,
    imported(first),
  );
}

function nativeFilesModule(targets: readonly Target[]): string {
  return `/**
 * The C library and the waiter, as this package carries them.
 *
 * @module
 */

const { default: bytes } = ${importFor(targets, "libipcx")};

/** The C library: its bytes, or the name by which the dynamic loader finds it. */
export const library: Uint8Array<ArrayBuffer> | string = bytes;

/**
 * Loads the program that waits in this one's place, when it is needed.
 *
 * @returns Its bytes.
 */
export async function loadWaiter(): Promise<Uint8Array<ArrayBuffer>> {
  const { default: program } = ${importFor(targets, "waiter")};
  return program;
}
`;
}

/**
 * Writes the package.
 *
 * @param folder Where to; what was there is removed.
 * @param targets The processors that it is for.
 * @throws {Error} If the C library has not been built for one of them.
 */
export async function writeJsrPackage(folder: string, targets: readonly Target[]): Promise<void> {
  const graph = await graphOf(Object.values(EXPORTS));
  const { name, version, license } = manifest;
  const texts: Record<string, string> = {
    [OWN_MODULE]: nativeFilesModule(targets),
    "deno.json": JSON.stringify({ name, version, license, exports: EXPORTS, imports: importsOf(graph) }, null, 2) +
      "\n",
  };
  for (const target of targets) {
    const { library, waiter } = nativeFiles(target);
    texts[`ffi/libipcx_${target.name}.ts`] = moduleOf(library);
    texts[`ffi/waiter_${target.name}.ts`] = moduleOf(waiter);
  }
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  for (const path of [...filesOf(graph), "README.md", "LICENSE"]) {
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    if (!(path in texts)) await Deno.copyFile(ROOT + path, `${folder}/${path}`);
  }
  await Deno.mkdir(`${folder}/ffi`, { recursive: true });
  for (const [path, text] of Object.entries(texts)) await Deno.writeTextFile(`${folder}/${path}`, text);
}
