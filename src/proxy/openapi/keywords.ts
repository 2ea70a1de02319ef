/**
 * The keywords of schemas, as OpenAPI 3.0 and 3.1 have them.
 *
 * @module
 */

import { nearest } from "../../core/nearest.ts";

/** Keywords that mean in JSON Schema what they mean in OpenAPI, and whose value is no schema. */
export const VALUE_KEYWORDS: ReadonlySet<string> = new Set([
  ...["type", "enum", "const", "format", "multipleOf", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"],
  ...["maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains"],
  ...["maxProperties", "minProperties", "required", "dependentRequired"],
]);

/** Keywords whose value is a schema. */
export const SCHEMA_KEYWORDS: ReadonlySet<string> = new Set([
  ...["not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"],
  ...["unevaluatedItems", "unevaluatedProperties"],
]);

/** Keywords whose value is a list of schemas. */
export const LIST_KEYWORDS: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);

/** Keywords whose value is schemas by name. */
export const MAP_KEYWORDS: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas"]);

/** Keywords that by themselves forbid nothing. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...["title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "nullable"],
  ...["xml", "externalDocs", "discriminator", "contentEncoding", "contentMediaType", "contentSchema"],
  ...["$ref", "$dynamicRef", "$schema", "$id", "$anchor", "$dynamicAnchor", "$vocabulary", "$comment", "$defs"],
  "definitions",
]);

const ALL: readonly string[] = [
  ...[VALUE_KEYWORDS, SCHEMA_KEYWORDS, LIST_KEYWORDS, MAP_KEYWORDS, ANNOTATIONS].flatMap((keywords) => [...keywords]),
];

/**
 * Tells a keyword from a slip of the pen.
 *
 * @param word A key of a schema.
 * @returns Whether OpenAPI has such a keyword, or leaves it to authors (`x-…`).
 */
export function isKeyword(word: string): boolean {
  return word.startsWith("x-") || ALL.includes(word);
}

/**
 * Guesses which keyword was meant.
 *
 * @param word What was written.
 * @param words What could have been, by default the keywords of schemas.
 * @returns `" (did you mean 'minLength'?)"`, or nothing.
 */
export function suggest(word: string, words: readonly string[] = ALL): string {
  const meant = nearest(word, words);
  return meant === undefined ? "" : ` (did you mean '${meant}'?)`;
}
