/**
 * Makes schemas of OpenAPI into JSON Schema.
 *
 * @module
 */

import { OpenApiError } from "./errors.ts";
import { isKeyword, LIST_KEYWORDS, MAP_KEYWORDS, SCHEMA_KEYWORDS, suggest, VALUE_KEYWORDS } from "./keywords.ts";
import { patternOf } from "./patterns.ts";
import { type Location, placeOf, referenceOf, shorten, walk } from "./location.ts";
import type { References } from "./references.ts";

/** A schema as the validator takes it. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

/** Which way the message goes: what is `readOnly` need not be in requests, what is `writeOnly` not in answers. */
export type Direction = "request" | "answer";

/** The keyword that refuses what is `writeOnly`; of our own. */
export const WRITE_ONLY = "ipcxWriteOnly";

/** What a conversion needs to know. */
export interface Conversion {
  /** Whether the document is of OpenAPI 3.0, whose schemas differ from JSON Schema. */
  readonly is30: boolean;
  /** Which way messages go. */
  readonly direction: Direction;
  /** Finds what references mean. */
  readonly references: References;
  /** What a reference is made into; what it leads to is converted by itself, once. */
  refer(target: Location): Readonly<Record<string, unknown>>;
}

/**
 * Converts a schema.
 *
 * @param location The schema.
 * @param conversion How.
 * @param hidden Properties that need not be there, whatever `required` says.
 * @returns What checks the same.
 * @throws {OpenApiError} For an unknown keyword, a pattern that is none, a reference to nothing.
 */
export function toJsonSchema(
  location: Location,
  conversion: Conversion,
  hidden: ReadonlySet<string> = new Set(),
): JsonSchema {
  const { value } = location;
  if (typeof value === "boolean") return value;
  if (!isMap(value)) throw new OpenApiError(`${placeOf(location)}: a schema is a map`);
  const schema = value;
  const { is30, references } = conversion;
  const reference = referenceOf(schema) ?? (typeof schema.$dynamicRef === "string" ? schema.$dynamicRef : undefined);
  const target = reference === undefined ? {} : conversion.refer(references.resolve(reference, location));
  // In OpenAPI 3.0 nothing beside $ref counts.
  if (is30 && reference !== undefined) return target;
  for (const word of Object.keys(schema)) {
    if (!isKeyword(word)) throw unknownKeyword(location, word);
  }
  const hiddenHere = new Set([...hidden, ...hiddenProperties(location, conversion)]);
  const result: Record<string, unknown> = { ...target };
  const alternatives = discriminated(location, conversion);
  for (const [word, part] of Object.entries(schema)) {
    const at = (...steps: string[]) => walk(location, [word, ...steps])!;
    if (VALUE_KEYWORDS.has(word)) {
      result[word] = part;
    } else if (SCHEMA_KEYWORDS.has(word)) {
      result[word] = toJsonSchema(at(), conversion);
    } else if (LIST_KEYWORDS.has(word)) {
      if (alternatives?.keyword === word) continue;
      const inherited = word === "allOf" ? hiddenHere : undefined;
      // What is no list, or no map below, is left for the check of the result to refuse.
      result[word] = !Array.isArray(part)
        ? part
        : part.map((_, index) => toJsonSchema(at(String(index)), conversion, inherited));
    } else if (MAP_KEYWORDS.has(word)) {
      const convert = (name: string) => {
        if (word === "patternProperties") checkPattern(at(name), name);
        const isSecret = word === "properties" && conversion.direction === "answer" && hiddenHere.has(name);
        return [name, isSecret ? { [WRITE_ONLY]: true } : toJsonSchema(at(name), conversion)];
      };
      result[word] = isMap(part) ? Object.fromEntries(Object.keys(part).map(convert)) : part;
    }
  }
  if (alternatives) result.allOf = [...(result.allOf as JsonSchema[] ?? []), alternatives.schema];
  if (typeof schema.pattern === "string") checkPattern(walk(location, ["pattern"])!, schema.pattern);
  if (Array.isArray(result.required)) {
    result.required = result.required.filter((name) => !hiddenHere.has(name));
    // Draft 4, behind OpenAPI 3.0, wants none rather than an empty list.
    if ((result.required as string[]).length === 0) delete result.required;
  }
  return is30 ? withoutDialect30(schema, result) : result;
}

/** What OpenAPI 3.0 says in a way of its own: `nullable`, and exclusive bounds as booleans. */
function withoutDialect30(schema: Record<string, unknown>, result: Record<string, unknown>): JsonSchema {
  if (schema.nullable === true && typeof schema.type === "string") result.type = [schema.type, "null"];
  for (const [exclusive, bound] of [["exclusiveMinimum", "minimum"], ["exclusiveMaximum", "maximum"]]) {
    if (typeof result[exclusive] !== "boolean") continue;
    if (result[exclusive] && result[bound] !== undefined) {
      result[exclusive] = result[bound];
      delete result[bound];
    } else {
      delete result[exclusive];
    }
  }
  return result;
}

/** The properties that go only the other way: those that are `readOnly` for a request, `writeOnly` for an answer. */
function hiddenProperties(
  location: Location,
  conversion: Conversion,
  found: Set<string> = new Set(),
  seen: Set<unknown> = new Set(),
): Set<string> {
  const { references, direction } = conversion;
  const flag = direction === "request" ? "readOnly" : "writeOnly";
  const schema = references.follow(location);
  if (typeof schema.value !== "object" || schema.value === null || seen.has(schema.value)) return found;
  seen.add(schema.value);
  const { properties, allOf } = schema.value as { properties?: unknown; allOf?: unknown };
  for (const name of isMap(properties) ? Object.keys(properties) : []) {
    const property = walk(schema, ["properties", name])!;
    const isHidden = [property, references.follow(property)].some(({ value }) =>
      (value as Record<string, unknown> | null)?.[flag] === true
    );
    if (isHidden) found.add(name);
  }
  if (Array.isArray(allOf)) {
    allOf.forEach((_, index) => hiddenProperties(walk(schema, ["allOf", `${index}`])!, conversion, found, seen));
  }
  return found;
}

/** A `discriminator` as conditions: by the property's value, the one alternative that must fit. */
function discriminated(
  location: Location,
  conversion: Conversion,
): { keyword: "oneOf" | "anyOf"; schema: JsonSchema } | undefined {
  const { discriminator, oneOf, anyOf } = location.value as Record<string, unknown>;
  const keyword = Array.isArray(oneOf) ? "oneOf" : "anyOf";
  const list = Array.isArray(oneOf) ? oneOf : anyOf;
  const { propertyName, mapping = {} } = (discriminator ?? {}) as {
    propertyName?: unknown;
    mapping?: Record<string, string>;
  };
  if (typeof propertyName !== "string" || !Array.isArray(list)) return undefined;
  const targets = list.map((one, index) => {
    const reference = referenceOf(one);
    const from = walk(location, [keyword, String(index)])!;
    return reference === undefined ? undefined : conversion.references.resolve(reference, from);
  });
  // An alternative without a name cannot be chosen by one.
  if (targets.includes(undefined)) return undefined;
  const byName = new Map<string, Location>();
  for (const target of targets as Location[]) byName.set(target.pointer.at(-1) ?? fileName(target), target);
  for (const [name, meant] of Object.entries(mapping)) {
    const place = walk(location, ["discriminator", "mapping", name])!;
    const { references } = conversion;
    const target = references.find(meant, place) ?? references.find(`#/components/schemas/${meant}`, references.main);
    if (!target) throw new OpenApiError(`${placeOf(place)}: '${shorten(String(meant))}' is no schema`);
    byName.set(name, target);
  }
  const choices = Array.from(byName, ([name, target]) => ({
    if: { properties: { [propertyName]: { const: name } }, required: [propertyName] },
    then: conversion.refer(target),
  }));
  const properties = { [propertyName]: { enum: [...byName.keys()] } };
  return { keyword, schema: { type: "object", required: [propertyName], properties, allOf: choices } };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fileName({ source }: Location): string {
  return source.url.slice(source.url.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
}

function checkPattern(location: Location, pattern: string): void {
  try {
    patternOf(pattern);
  } catch (cause) {
    throw new OpenApiError(`${placeOf(location)}: ${(cause as Error).message}`, { cause });
  }
}

function unknownKeyword(location: Location, word: string): OpenApiError {
  const place = placeOf(walk(location, [word])!);
  const hint = suggest(word) || "; keywords of one's own begin with x-";
  return new OpenApiError(`${place}: unknown keyword '${shorten(word)}' in a schema${hint}`);
}
