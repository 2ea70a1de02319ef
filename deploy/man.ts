/**
 * Writes the manual pages: `deno task man [DIRECTORY]`.
 *
 * @module
 */

import { manualPages } from "../src/cli/man.ts";
import { dayOf, releases } from "./changelog.ts";

const FOLDER = decodeURIComponent(new URL("../dist/man", import.meta.url).pathname);

if (import.meta.main) {
  const [folder = FOLDER] = Deno.args;
  const [release] = releases();
  const pages = manualPages({ version: release.version, date: dayOf(release) });
  Deno.mkdirSync(folder, { recursive: true });
  for (const [name, text] of pages) Deno.writeTextFileSync(`${folder}/${name}`, text);
  console.error(`man: ${pages.size} pages in ${folder}`);
}
