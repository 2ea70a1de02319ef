/**
 * The npm packages of which something is in the program, as they tell of themselves.
 *
 * @module
 */

import { resolve } from "node:path";
import { run } from "../run.ts";

/** A package. */
export interface BundledPackage {
  name: string;
  version: string;
  /** As https://spdx.org/licenses has it. */
  license: string;
  /** Whose it is, a line for each. */
  holders: string[];
  /** The licence's text. */
  text: string;
}

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);
const ENTRY = "src/cli/main.ts";

/** Above what comes from each module, a bundle that is not minified has its path. */
const MODULE_PATH = /^ *\/\/ (\S*\/npm\/\S+)$/gm;

/** `HOST/[@SCOPE/]NAME/VERSION`, where Deno keeps packages. */
const PLACE = /^[^/]+\/((?:@[^/]+\/)?[^/]+)\/([^/]+)\//;

/** Whose a text says it is; not what it says of copyright otherwise, and not the form in the appendix of Apache's. */
const HOLDER = /^\s*Copyright:? (?:\(c\) |\(C\) |© )?(?:by )?((?:\d|[A-Z])(?!icense).*)$/gm;

async function bundle(): Promise<string> {
  const path = await Deno.makeTempFile({ prefix: "ipcx-bundle-", suffix: ".js" });
  try {
    // Each form of the program has a module of its own in place of this one, and that is ours.
    await run(Deno.execPath(), ["bundle", "--quiet", "--external=*/native_files.ts", `--output=${path}`, ENTRY], {
      cwd: ROOT,
    });
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}

function nameOf(author: string | { name: string } | undefined): string[] {
  const text = typeof author === "string" ? author : author?.name;
  return text === undefined ? [] : [text.replace(/ \(http.*\)$/, "")];
}

function readPackage(name: string, version: string, folder: string): BundledPackage {
  const { license, author } = JSON.parse(Deno.readTextFileSync(`${folder}/package.json`));
  const file = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort().find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined || typeof license !== "string") {
    throw new Error(`${name} ${version} does not tell its licence`);
  }
  const text = Deno.readTextFileSync(`${folder}/${file}`);
  const holders = Array.from(text.matchAll(HOLDER), ([, holder]) => holder.replace(/\.? All rights reserved\.?$/, ""));
  return { name, version, license, holders: holders.length > 0 ? holders : nameOf(author), text };
}

/**
 * Finds out which packages are in the program.
 *
 * @returns They, in the order of their names.
 * @throws {Error} If one has no licence, or if a bundle does not tell any more what is in it.
 */
export async function bundledPackages(): Promise<BundledPackage[]> {
  const { npmCache } = JSON.parse(await run(Deno.execPath(), ["info", "--json"], { cwd: ROOT })) as {
    npmCache: string;
  };
  const found = new Map<string, BundledPackage>();
  for (const [, path] of (await bundle()).matchAll(MODULE_PATH)) {
    const absolute = resolve(ROOT, path);
    if (!absolute.startsWith(`${npmCache}/`)) continue;
    const [place, name, version] = PLACE.exec(absolute.slice(npmCache.length + 1))!;
    if (!found.has(place)) found.set(place, readPackage(name, version, `${npmCache}/${place}`));
  }
  if (found.size === 0) throw new Error("deno bundle tells in another way now what comes from which package");
  return [...found.values()].sort((one, other) => one.name < other.name ? -1 : 1);
}
