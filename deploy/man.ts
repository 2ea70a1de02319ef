/**
 * Writes the manual pages: `deno task man [DIRECTORY]`.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };
import { manualPages } from "../src/cli/man.ts";

const FOLDER = new URL("../dist/man", import.meta.url).pathname;

/** The day of the newest change, as packagers tell it, so that the same source makes the same pages. */
function day(): string {
  const seconds = Deno.env.get("SOURCE_DATE_EPOCH");
  const date = seconds === undefined ? new Date() : new Date(Number(seconds) * 1000);
  return date.toISOString().slice(0, 10);
}

if (import.meta.main) {
  const [folder = FOLDER] = Deno.args;
  const pages = manualPages({ version: manifest.version, date: day() });
  Deno.mkdirSync(folder, { recursive: true });
  for (const [name, text] of pages) Deno.writeTextFileSync(`${folder}/${name}`, text);
  console.error(`man: ${pages.size} pages in ${folder}`);
}
