/**
 * A place in a YAML text.
 *
 * @example
 * ```ts
 * import type { YamlPosition } from "@std/yaml";
 *
 * const start: YamlPosition = { line: 1, column: 1, offset: 0 };
 * console.log(`${start.line}:${start.column}`);
 * ```
 */
export interface YamlPosition {
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
  /** The index into the text, from 0. */
  readonly offset: number;
}

/**
 * The error thrown for a text that is not valid YAML.
 *
 * @example
 * ```ts
 * import { parse, YamlSyntaxError } from "@std/yaml";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(() => parse("a: 1\na: 2"), YamlSyntaxError);
 * assertEquals(error.line, 2);
 * ```
 */
export class YamlSyntaxError extends SyntaxError {
  /** The line the error was found in, from 1. */
  readonly line: number;
  /** The column the error was found in, from 1. */
  readonly column: number;
  /** The index into the text, from 0. */
  readonly offset: number;
  /** The line itself, marked below. */
  readonly snippet?: string;

  /**
   * Creates the error.
   *
   * @param message What is wrong.
   * @param position Where.
   * @param snippet The part of the text to show.
   */
  constructor(message: string, position: YamlPosition, snippet?: string) {
    const { line, column, offset } = position;
    const place = `at line ${line}, column ${column}`;
    super(`${message} ${place}${snippet ? `:\n${snippet}` : ""}`);
    this.name = "YamlSyntaxError";
    this.line = line;
    this.column = column;
    this.offset = offset;
    if (snippet !== undefined) this.snippet = snippet;
  }
}

/**
 * Makes the error for what is wrong at an index of a text.
 *
 * @param message What is wrong, without a place.
 * @param text The whole text.
 * @param offset The index into it.
 * @returns The error, with line, column and the line itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { syntaxErrorAt } from "./syntax_error.ts";
 *
 * assertEquals(syntaxErrorAt("Bad value", "a: 1\nb: x", 8).column, 4);
 * ```
 */
export function syntaxErrorAt(
  message: string,
  text: string,
  offset: number,
): YamlSyntaxError {
  const before = text.slice(0, offset).split(/\r?\n/);
  const column = before.at(-1)!.length + 1;
  const rest = text.slice(offset).split(/\r?\n/, 1)[0];
  const snippet = `    ${before.at(-1)}${rest}\n    ${" ".repeat(column - 1)}^`;
  const position = { line: before.length, column, offset };
  return new YamlSyntaxError(message, position, snippet);
}
