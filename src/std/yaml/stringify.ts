import { Document, isScalar, type Pair, visit } from "yaml";
import { defaultSchema } from "./schema.ts";

/**
 * Options of `stringify`.
 *
 * @example
 * ```ts
 * import { stringify, type StringifyOptions } from "@std/yaml";
 *
 * const options: StringifyOptions = { sortKeys: true };
 * console.log(stringify({ b: 1, a: 2 }, options));
 * ```
 */
export type StringifyOptions = {
  /** Spaces of each level; 2 unless told. */
  indent?: number;
  /** Indent the elements of an array below their key; yes unless told. */
  arrayIndent?: boolean;
  /** Leave out what YAML cannot express instead of throwing. */
  skipInvalid?: boolean;
  /** Sort keys, by character code or as the function says. */
  sortKeys?: boolean | ((a: string, b: string) => number);
  /** Fold text longer than this; 80 unless told, -1 never. */
  lineWidth?: number;
  /** Write an object met twice once, with an anchor; yes unless told. */
  useAnchors?: boolean;
  /** Quote what YAML 1.1 reads as a boolean (`yes`, `n`); yes unless told. */
  compatMode?: boolean;
};

/**
 * Writes a value as YAML.
 *
 * @param data The value.
 * @param options How to write it.
 * @returns The text, ending with a newline.
 * @throws {TypeError} If a function, symbol, bigint or `undefined` is in the
 * value.
 *
 * @example
 * ```ts
 * import { stringify } from "@std/yaml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stringify({ pid: 1, name: "yes" }), "pid: 1\nname: 'yes'\n");
 * ```
 */
export function stringify(
  data: unknown,
  options: StringifyOptions = {},
): string {
  const { sortKeys = false, skipInvalid = false } = options;
  const value = expressible(data, skipInvalid, new Map());
  if (value === undefined) return "";
  const document = new Document(value, {
    ...defaultSchema,
    // As a value "<<" is text: what merges is decided by who reads it.
    merge: false,
    aliasDuplicateObjects: options.useAnchors ?? true,
    anchorPrefix: "ref_",
    compat: options.compatMode ?? true ? "yaml-1.1" : null,
    sortMapEntries: typeof sortKeys === "boolean" ? sortKeys : (a: Pair, b: Pair) => sortKeys(keyOf(a), keyOf(b)),
  });
  visit(document, {
    Scalar(_key, node) {
      // Unquoted, it would be read back as a merge.
      if (node.value === "<<") node.type = "QUOTE_SINGLE";
    },
  });
  return document.toString({
    indent: options.indent ?? 2,
    indentSeq: options.arrayIndent ?? true,
    lineWidth: Math.max(options.lineWidth ?? 80, 0),
    singleQuote: true,
  });
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

/**
 * Copies a value, checked. One copy for each object: written twice, it is
 * still recognised as the same.
 */
function expressible(
  value: unknown,
  skipInvalid: boolean,
  copies: Map<object, unknown>,
): unknown {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "object":
      break;
    default:
      if (skipInvalid) return undefined;
      throw new TypeError(`Cannot stringify ${typeof value}`);
  }
  if (value === null || value instanceof Date || value instanceof Uint8Array) {
    return value;
  }
  if (copies.has(value)) return copies.get(value);
  if (Array.isArray(value)) {
    const elements: unknown[] = [];
    copies.set(value, elements);
    for (const element of value) {
      const copy = expressible(element, skipInvalid, copies);
      if (copy !== undefined) elements.push(copy);
    }
    return elements;
  }
  const fields: Record<string, unknown> = Object.create(null);
  copies.set(value, fields);
  for (const [key, field] of Object.entries(value)) {
    const copy = expressible(field, skipInvalid, copies);
    if (copy !== undefined) fields[key] = copy;
  }
  return fields;
}
