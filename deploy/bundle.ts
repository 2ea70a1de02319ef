/**
 * The program as parts that are loaded when they are needed, without modules.
 *
 * Deno resolves every module that an `import` names, also those that may never be
 * loaded, and loads `node:module` for a bundle of its own making: together three
 * times of what it takes to start. So what `deno bundle` splits is turned into
 * functions (CommonJS), which deploy/loader.ts calls by name.
 *
 * @module
 */

import { makeCanonical } from "./canonical.ts";
import { run } from "./run.ts";

/** Parts of the program: JavaScript by name; what is behind another part's `require("NAME")` or `__loadPart("NAME")`. */
export type Parts = ReadonlyMap<string, string>;

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname);

/** What each form of the program has an own module for: src/core/native_files.ts. */
const OWN_MODULE = "*/native_files.ts";

/** By which name all parts require it. */
const OWN_NAME = "native_files";

/** What a bundle is given by `deno bundle`, and how it reads without. */
const NODE_REQUIRE =
  /import \{ createRequire as (\w+) \} from "node:module";\nvar __require = \1\(import\.meta\.url\);\n/;
const PLAIN_REQUIRE = "var __require = require;\n";

async function bundle(args: readonly string[]): Promise<void> {
  await run(Deno.execPath(), ["bundle", "--quiet", ...args], { cwd: ROOT });
}

function filesOf(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** The end of a file that is made of a CommonJS module: it has nothing but that as its default. */
const ONLY_DEFAULT = /^export default require_\w+\(\);\s*$/m;

/**
 * What is imported at its time of a CommonJS module has the names that the module exports, as in Deno and Node:
 * where `deno bundle` splits, it has `default` only.
 */
function giveNames(folder: string): void {
  const sources = new Map(filesOf(folder).map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`)]));
  for (const [name, source] of sources) {
    const given = source.replace(/\bimport\("\.\/([^"/]+\.js)"\)/g, (call, imported) => {
      const isNameless = ONLY_DEFAULT.test(sources.get(imported) ?? "");
      return isNameless ? `${call}.then(({ default: all }) => ({ ...all, default: all }))` : call;
    });
    if (given !== source) Deno.writeTextFileSync(`${folder}/${name}`, given);
  }
}

/**
 * Counts what is declared with `using`, in whatever way it is laid out.
 *
 * @param source JavaScript.
 */
function countUsing(source: string): number {
  let count = 0;
  for (const { index, 0: { length } } of source.matchAll(/(?<![\w$.])using (?=[\w$]+ ?=[^=>])/g)) {
    count += 1;
    for (let at = index + length, depth = 0; at < source.length && depth >= 0; at++) {
      if ("([{".includes(source[at])) depth += 1;
      else if (")]}".includes(source[at])) depth -= 1;
      else if (depth === 0 && source[at] === ";") break;
      else if (depth === 0 && source[at] === ",") count += 1;
    }
  }
  return count;
}

/**
 * What is declared with `using` and then used once, the minifier puts where it is used, as if it were `const`: it is
 * never disposed of. So something comes between that looks as if it did something.
 */
function keepUsing(source: string): string {
  return source.replace(/^( *)((?:await )?using \w+ = (?:.*;|[^]*?\n\1\S.*;))$/gm, "$1$2\n$1Deno;");
}

/** Modules split by what is loaded together; in a folder of its own, with another ending, they are no longer external. */
async function splitModules(entry: string, split: string, renamed: string): Promise<string[]> {
  await bundleModules(entry, split);
  let requires = 0;
  const paths = filesOf(split).map((name) => {
    const path = `${renamed}/${name.replace(/\.js$/, ".mjs")}`;
    const source = Deno.readTextFileSync(`${split}/${name}`);
    const plain = keepUsing(source.replace(NODE_REQUIRE, () => (requires += 1, PLAIN_REQUIRE)));
    if (plain.includes("import.meta")) throw new Error(`${name}: import.meta has no meaning in a part of a program`);
    Deno.writeTextFileSync(path, plain);
    return path;
  });
  if (requires !== 1) throw new Error(`deno bundle makes 'require' in another way now: ${requires} places, not 1`);
  return paths;
}

/** Loading by name instead of importing; what is external is still named by different paths. */
function withNames(source: string, names: ReadonlyMap<string, string>): string {
  return source.replace(/"(\.\/[^"/]+\.js)"/g, (text, name) => names.has(name) ? `"${names.get(name)}"` : text)
    .replace(/\bimport\("((?:\.\/|node:)[^"]+)"\)/g, '__loadPart("$1")')
    .replace(/\brequire\("[./a-z]+\/native_files\.ts"\)/g, `require("${OWN_NAME}")`);
}

/**
 * Bundles a program.
 *
 * @param entry Its first module, a path in the repository; it has no top-level await.
 * @returns Its parts; the first module is `"./NAME.js"`.
 * @throws {Error} What `deno bundle` says.
 */
export async function bundleParts(entry: string): Promise<Parts> {
  const folder = await Deno.makeTempDir({ prefix: "ipcx-bundle-" });
  try {
    const [split, renamed, functions] = ["split", "renamed", "functions"].map((name) => `${folder}/${name}`);
    for (const path of [split, renamed, functions]) await Deno.mkdir(path);
    const modules = await splitModules(entry, split, renamed);
    await bundle([
      "--no-config",
      "--format=cjs",
      "--minify",
      `--outdir=${functions}`,
      "--external=*.js",
      `--external=${OWN_MODULE}`,
      ...modules,
    ]);
    const count = (paths: readonly string[]) =>
      paths.map((path) => countUsing(Deno.readTextFileSync(path))).reduce((sum, one) => sum + one, 0);
    const [wanted, kept] = [count(modules), count(filesOf(functions).map((name) => `${functions}/${name}`))];
    if (kept !== wanted) throw new Error(`deno bundle --minify has dropped ${wanted - kept} of ${wanted} 'using'`);
    const first = entry.replace(/^.*\/(.*)\.ts$/, "./$1.js");
    const names = new Map(
      filesOf(functions).map((name, at) => [`./${name}`, `./${name}` === first ? first : `./${at}`]),
    );
    const read = (name: string) => withNames(Deno.readTextFileSync(`${functions}/${name}`), names);
    return new Map(filesOf(functions).map((name) => [names.get(`./${name}`)!, read(name)]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Bundles a module with all it needs, but src/core/native_files.ts, which stays an import.
 *
 * @param entry The module, a path in the repository.
 * @param folder Where to; what may never be loaded is in files of its own.
 */
export async function bundleModules(entry: string, folder: string): Promise<void> {
  await bundle(["--outdir", folder, "--code-splitting", `--external=${OWN_MODULE}`, entry]);
  giveNames(folder);
  makeCanonical(folder);
}

/**
 * Bundles one module with all it needs into a script.
 *
 * @param entry The module, a path in the repository; it has no top-level await.
 * @returns Its JavaScript, minified.
 */
export async function bundleScript(entry: string): Promise<string> {
  const path = await Deno.makeTempFile({ prefix: "ipcx-bundle-", suffix: ".js" });
  try {
    await bundle(["--format=iife", "--minify", `--output=${path}`, entry]);
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}
