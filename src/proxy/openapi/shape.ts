/**
 * What text stands for: in a query or a form everything is text, and the schema says what was meant.
 *
 * @module
 */

import { type Location, walk } from "./location.ts";
import type { References } from "./references.ts";

/** What a schema lets a value be, as far as reading text needs it. */
export interface Shape {
  /** The types, by their names in JSON Schema; none if the schema does not tell. */
  readonly types: ReadonlySet<string>;
  /** The elements of an array. */
  readonly items?: Shape;
  /** The members of an object, by name. */
  readonly properties: ReadonlyMap<string, Shape>;
  /** Members with other names; `undefined` if the schema says nothing of them. */
  readonly rest?: Shape;
}

/** A shape that nothing is known of. */
export const UNKNOWN: Shape = { types: new Set(), properties: new Map() };

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** So deep text is taken apart: an array in an object in an array. */
const MOST_LEVELS = 3;

/**
 * Reads off a schema what its values may be.
 *
 * @param schema The schema.
 * @param references Finds what it refers to.
 * @returns Its shape, a few levels deep.
 */
export function shapeOf(schema: Location, references: References): Shape {
  return shapeAt([schema], references, MOST_LEVELS);
}

function shapeAt(schemas: readonly Location[], references: References, levels: number): Shape {
  const types = new Set<string>();
  const items: Location[] = [];
  const rest: Location[] = [];
  const properties = new Map<string, Location[]>();
  const seen = new Set<unknown>();
  const waiting = [...schemas];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const schema = references.follow(next);
    if (typeof schema.value !== "object" || schema.value === null || seen.has(schema.value)) continue;
    seen.add(schema.value);
    for (const type of typesIn(schema.value as Record<string, unknown>)) types.add(type);
    for (const [keyword, into] of [["items", items], ["additionalProperties", rest]] as const) {
      const found = walk(schema, [keyword]);
      if (found) into.push(found);
    }
    for (const name of Object.keys((schema.value as { properties?: object }).properties ?? {})) {
      const found = walk(schema, ["properties", name]);
      if (found) properties.set(name, [...properties.get(name) ?? [], found]);
    }
    for (const keyword of ["allOf", "anyOf", "oneOf"]) {
      const list = walk(schema, [keyword])?.value;
      if (Array.isArray(list)) list.forEach((_, index) => waiting.push(walk(schema, [keyword, String(index)])!));
    }
  }
  if (levels === 0) return { types, properties: new Map() };
  const below = (locations: readonly Location[]): Shape => shapeAt(locations, references, levels - 1);
  const isSaid = rest.some(({ value }) => typeof value === "object");
  return {
    types,
    items: items.length > 0 ? below(items) : undefined,
    properties: new Map(Array.from(properties, ([name, locations]) => [name, below(locations)])),
    rest: isSaid ? below(rest) : undefined,
  };
}

function typesIn({ type, nullable, enum: values, const: value }: Record<string, unknown>): string[] {
  if (type !== undefined) {
    return [type, nullable === true ? "null" : []].flat().filter((one) => typeof one === "string");
  }
  const allowed = Array.isArray(values) ? values : value === undefined ? [] : [value];
  return allowed.map((one) => (one === null ? "null" : Array.isArray(one) ? "array" : typeof one));
}

/**
 * Takes text for what the schema wants: a number, a truth value, or text.
 *
 * @param text The text.
 * @param shape What is wanted.
 * @returns The value; text that does not fit stays text, which the check will refuse.
 */
export function fromText(text: string, { types }: Shape): unknown {
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if ((types.has("integer") || types.has("number")) && NUMBER.test(text)) return Number(text);
  if (types.has("null") && !types.has("string") && (text === "" || text === "null")) return null;
  return text;
}

/**
 * Takes text for an object or array in JSON, if the schema wants one.
 *
 * @param text The text.
 * @param shape What is wanted.
 * @returns The value; text that is no JSON stays text.
 */
export function fromJsonText(text: string, shape: Shape): unknown {
  if (!shape.types.has("object") && !shape.types.has("array")) return fromText(text, shape);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
