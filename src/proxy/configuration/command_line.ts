/**
 * The command of a route, as a text that is split or as a list.
 *
 * @module
 */

import type { Template } from "../config.ts";
import { literalOf, parseTemplate } from "../placeholders.ts";
import type { ConfigValue } from "./config_value.ts";

/** A command, each argument with its place. */
export interface Command {
  /** The program and its arguments. */
  readonly cmd: readonly [Template, ...Template[]];
  /** Where each of them stands. */
  readonly places: readonly ConfigValue[];
}

/** What stands between braces stays in one piece, blanks and all. */
const WORD = /(?:\{\{\s*'[^']*'\s*\}\}|\{\{[^{}]*\}\}|[^ \t\r\n])+/g;

/**
 * Splits a command line at blanks, tabs and line ends. There are no quotes.
 *
 * @param text The command line.
 * @returns Its words; blanks in placeholders do not count.
 */
export function splitCommandLine(text: string): string[] {
  return text.match(WORD) ?? [];
}

function words(value: ConfigValue): { text: string; place: ConfigValue }[] | undefined {
  if (value.kind === "list") {
    if (value.tag === "!ToSplit") return value.complain("!ToSplit is for a text: a list is split already");
    const items = value.items().map((place) => ({ text: place.text("an argument"), place }));
    return items.every((item) => item.text !== undefined) ? items as { text: string; place: ConfigValue }[] : undefined;
  }
  if (value.tag === "!Splitted") return value.complain("!Splitted is for a list: write !ToSplit, or a list");
  const text = value.tag === "!ToSplit" ? value.writtenText() : value.text("a command line or a list");
  if (text === undefined) return undefined;
  const quote = /['"\\]/.exec(text.replaceAll(/\{\{\s*'[^']*'\s*\}\}/g, ""));
  if (quote && value.tag !== "!ToSplit") {
    return value.complain(
      `${quote[0]} would be taken as it is, for a text is split at blanks and knows no quotes: write a list`,
    );
  }
  return splitCommandLine(text).map((word) => ({ text: word, place: value }));
}

/**
 * Reads a command.
 *
 * @param value `!ToSplit` and a text, a text, `!Splitted` and a list, or a list.
 * @returns The command.
 */
export function readCommand(value: ConfigValue): Command | undefined {
  const found = words(value);
  if (!found) return undefined;
  if (found.length === 0) return value.complain("there is no program in it");
  const templates: Template[] = [];
  for (const { text, place } of found) {
    try {
      templates.push(parseTemplate(text));
    } catch (error) {
      place.complain((error as Error).message);
    }
  }
  if (templates.length < found.length) return undefined;
  const [program, ...args] = templates;
  const name = literalOf(program);
  if (name === undefined) {
    return found[0].place.complain("a placeholder cannot be in the program's name: a client would choose it");
  }
  if (name === "") return found[0].place.complain("the program's name cannot be empty");
  return { cmd: [program, ...args], places: found.map(({ place }) => place) };
}
