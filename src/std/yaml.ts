/**
 * Reading and writing YAML with the functions of `jsr:@std/yaml`, on npm
 * `yaml`, for where JSR cannot be reached.
 *
 * As in the real package `0600` is octal, `<<` merges, and `yes` and `1:30`
 * are text. Unlike it:
 *
 * - there is one schema, and one document in a text;
 * - `!!binary` becomes a `Buffer`, whatever is not base64 left out, `!!set` a `Set`, `!!omap` a `Map`;
 * - errors are plain `SyntaxError`s with the place in the message, but for
 *   what concerns no one place: a merge of what is no mapping, too many aliases;
 * - `onWarning`, `skipInvalid`, `condenseFlow`, `flowLevel` and `styles` are not known.
 *
 * @example
 * ```ts
 * import { parse, stringify } from "@std/yaml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parse(stringify({ routes: ["/a", "/b"] })), { routes: ["/a", "/b"] });
 * ```
 *
 * @module
 */

import { isAlias, LineCounter, type Pair, parseDocument, stringify as write, visit } from "yaml";
import type { SchemaOptions, Tags } from "yaml";

/** YAML 1.1 without its booleans and sexagesimal numbers; `<<` merges only where it is read. */
const SCHEMA: SchemaOptions = {
  schema: "yaml-1.1",
  customTags: (tags: Tags): Tags => [...tags.filter((tag) => typeof tag === "string" || !isSurprise(tag)), "bool"],
};

function isSurprise(tag: { tag: string; format?: string }): boolean {
  return /:(bool|merge)$/.test(tag.tag) || tag.format === "TIME";
}

/**
 * Reads a YAML text; throws a `SyntaxError` for what is not valid, its message
 * naming line and column. If duplicate keys are allowed, the last counts.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parse("listen: /run/a\nmode: 0600"), { listen: "/run/a", mode: 0o600 });
 * assertThrows(() => parse("a: 1\na: 2"), SyntaxError, "line 2, column 1");
 * ```
 */
export function parse(content: string, options: { allowDuplicateKeys?: boolean } = {}): unknown {
  const lineCounter = new LineCounter();
  const uniqueKeys = !options.allowDuplicateKeys;
  const document = parseDocument(content, { ...SCHEMA, merge: true, lineCounter, stringKeys: true, uniqueKeys });
  // To npm yaml an unknown tag is worth a warning: a typo would change a value's type in silence.
  const [error] = [...document.errors, ...document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED")];
  if (error) throw new SyntaxError(error.message);
  const anchors = new Set<string>();
  visit(document, {
    Node(_key, node) {
      if (node.anchor) anchors.add(node.anchor);
      if (!isAlias(node) || anchors.has(node.source)) return;
      const { line, col } = lineCounter.linePos(node.range![0]);
      throw new SyntaxError(`There is no anchor ${node.source} at line ${line}, column ${col}`);
    },
  });
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases by the thousand, or a merge of what is no mapping.
    throw new SyntaxError((cause as Error).message, { cause });
  }
}

/**
 * Writes a value as YAML; throws a `TypeError` for what YAML cannot express.
 * By default elements of arrays are indented below their key, text is folded
 * at 80 characters (-1: never), an object met twice is written once, with an
 * anchor, and `yes`, a boolean in YAML 1.1, is quoted (compatMode).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stringify({ pid: 1, name: "yes" }), "pid: 1\nname: 'yes'\n");
 * ```
 */
export function stringify(
  data: unknown,
  options: {
    indent?: number;
    arrayIndent?: boolean;
    sortKeys?: boolean | ((a: string, b: string) => number);
    lineWidth?: number;
    useAnchors?: boolean;
    compatMode?: boolean;
  } = {},
): string {
  const { sortKeys = false } = options;
  return write(refuseInexpressible("", data), refuseInexpressible, {
    ...SCHEMA,
    aliasDuplicateObjects: options.useAnchors ?? true,
    compat: options.compatMode ?? true ? "yaml-1.1" : null,
    indent: options.indent ?? 2,
    indentSeq: options.arrayIndent ?? true,
    lineWidth: Math.max(options.lineWidth ?? 80, 0),
    singleQuote: true,
    sortMapEntries: typeof sortKeys === "boolean" ? sortKeys : (a: Pair, b: Pair) => sortKeys(`${a.key}`, `${b.key}`),
  });
}

function refuseInexpressible(_key: unknown, value: unknown): unknown {
  const type = typeof value;
  if (["undefined", "function", "symbol", "bigint"].includes(type)) throw new TypeError(`Cannot stringify ${type}`);
  return value;
}
