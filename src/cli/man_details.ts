/**
 * The details of a command, which the table has as help shows them, for a manual page.
 *
 * @module
 */

import { bold, literal, tagged } from "./roff.ts";

/** What the details tell, in roff. */
export interface Details {
  /** What belongs to the description. */
  description: string[];
  /** What is said of exit statuses. */
  statuses: string[];
}

/** A word with what it means behind it, in a column of its own. */
const ENTRY = /^ {2}(\S+) {2,}(\S.*)$/;
/** What is left beside the margins of a page of 80 columns. */
const MOST_COLUMNS = 69;

const CONTINUED = /^ {4,}(\S.*)$/;

/** Lines that are indented: a list of words, or what is to stay as it is. */
function indented(lines: readonly string[], text: (words: string) => string[]): string[] {
  if (!ENTRY.test(lines[0])) {
    const isLong = lines.some((line) => line.length > MOST_COLUMNS);
    return isLong ? [".RS 4", ...text(lines.join(" ")), ".RE"] : literal(lines.map((line) => line.slice(2)));
  }
  const found: [term: string, meaning: string][] = [];
  for (const line of lines) {
    const [, term, meaning] = ENTRY.exec(line) ?? [];
    if (term !== undefined) found.push([term, meaning]);
    else found.at(-1)![1] += ` ${CONTINUED.exec(line)?.[1] ?? line.trim()}`;
  }
  return found.flatMap(([term, meaning]) =>
    tagged(bold(term), ...text(`${meaning[0].toUpperCase()}${meaning.slice(1)}.`))
  );
}

/** Runs of lines that are indented, or are not. */
function runs(lines: readonly string[]): string[][] {
  const found: string[][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last && last[0].startsWith("  ") === line.startsWith("  ")) last.push(line);
    else found.push([line]);
  }
  return found;
}

function set(paragraph: string, text: (words: string) => string[]): string[] {
  return runs(paragraph.split("\n")).flatMap((lines) =>
    lines[0].startsWith("  ") ? indented(lines, text) : [".PP", ...text(lines.join(" "))]
  );
}

/**
 * Takes the details apart.
 *
 * @param details The text, whose paragraphs have an empty line between them.
 * @param text Sets a text.
 * @returns What belongs to which section.
 */
export function paragraphs(details: string, text: (words: string) => string[]): Details {
  const found: Details = { description: [], statuses: [] };
  for (const paragraph of details.split("\n\n").filter((one) => one !== "")) {
    const [, statuses] = /^Exit status: (.*)$/s.exec(paragraph) ?? [];
    if (statuses !== undefined) found.statuses.push(...text(`${statuses[0].toUpperCase()}${statuses.slice(1)}`));
    // The page has examples of its own.
    else if (!paragraph.startsWith("Examples:\n")) found.description.push(...set(paragraph, text));
  }
  return found;
}
