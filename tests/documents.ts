/**
 * README.md and docs/ as tests read them, beside the source that they tell of.
 *
 * @module
 */

import { assert } from "@std/assert";

/** The repository. */
export const root = new URL("..", import.meta.url).pathname;

/** A file of the repository. */
export const read = (path: string): string => Deno.readTextFileSync(root + path);

/** The pages of docs/. */
export const pages: readonly string[] = Array.from(Deno.readDirSync(`${root}docs`), ({ name }) => `docs/${name}`)
  .filter((path) => path.endsWith(".md")).sort();

/** A heading's text, from it to the next of the same rank or a higher one. */
export function section(document: string, heading: string): string {
  const [, after] = document.split(`\n${heading}\n`);
  assert(after !== undefined, `there is no heading '${heading}'`);
  const rank = heading.indexOf(" ");
  return after.split(new RegExp(`^#{1,${rank}} `, "m"))[0];
}

/** The rows of all tables in a text, without their headings. */
export function rows(text: string): string[][] {
  const lines = text.split("\n");
  return lines.filter((line, at) =>
    line.startsWith("|") && !/^\|[\s|-]+$/.test(line) && !/^\|[\s|-]+$/.test(lines[at + 1] ?? "")
  )
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|")));
}

/** The texts between backquotes. */
export const codeIn = (text: string): string[] => Array.from(text.matchAll(/`([^`]+)`/g), ([, code]) => code);

/** All source of the program, to look for its messages in. */
export function sources(folder: string): string {
  return Array.from(Deno.readDirSync(root + folder)).map(({ name, isDirectory }) =>
    isDirectory ? sources(`${folder}/${name}`) : /\.(ts|c|sh)$/.test(name) ? read(`${folder}/${name}`) : ""
  ).join("\n");
}

/** A number that no module exports, as its declaration has it. */
export function constant(path: string, name: string): number {
  const [, value] = new RegExp(`(?:const ${name} = |#define ${name} )(0x[\\da-f_]+|[\\d_]+)`).exec(read(path)) ?? [];
  assert(value !== undefined, `${path} has no ${name}`);
  return Number(value.replaceAll("_", ""));
}
