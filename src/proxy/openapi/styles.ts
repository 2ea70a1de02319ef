/**
 * How values are written into queries, forms, cookies, headers and paths: the `style`s of OpenAPI.
 *
 * @module
 */

import { fromText, type Shape, UNKNOWN } from "./shape.ts";

/** Fields by name as they came, each value still percent-encoded. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** How a value is written. */
export interface Style {
  /** Its name in OpenAPI. */
  readonly name: string;
  /** Whether elements and members are fields of their own. */
  readonly explode: boolean;
}

/** Thrown for text that cannot be read; the message says why. */
export class StyleError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "StyleError";
}

const DELIMITERS: Readonly<Record<string, RegExp>> = {
  form: /,/,
  // What stands between elements is percent-encoded by most clients.
  spaceDelimited: /%20|\+/,
  pipeDelimited: /%7C|\|/i,
};

/**
 * Takes a query or an urlencoded form apart.
 *
 * @param text The text, without a question mark.
 * @returns Its fields.
 */
export function splitFields(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const pair of text === "" ? [] : text.split("&")) {
    const at = pair.indexOf("=");
    const name = at < 0 ? pair : pair.slice(0, at);
    let key = name;
    try {
      key = decode(name);
    } catch {
      // A name that is not percent-encoded is no name that a document could have.
    }
    const values = fields.get(key);
    const value = at < 0 ? "" : pair.slice(at + 1);
    if (values) values.push(value);
    else fields.set(key, [value]);
  }
  return fields;
}

/**
 * Decodes a value of a query or form.
 *
 * @param text Text with `%HH`, and `+` for a blank.
 * @returns The text meant.
 * @throws {StyleError} If it is not percent-encoded UTF-8.
 */
export function decode(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new StyleError("is not valid percent-encoding", { cause });
  }
}

/**
 * Reads a value out of fields.
 *
 * @param fields The fields.
 * @param name The value's name.
 * @param style How it is written.
 * @param shape What it may be.
 * @param isOthers Whether a field is a parameter by itself, and so no member of an exploded object.
 * @returns The value, or `undefined` if it is not there.
 * @throws {StyleError} If it cannot be read.
 */
export function readFields(
  fields: Fields,
  name: string,
  style: Style,
  shape: Shape,
  isOthers: (field: string) => boolean = () => true,
): unknown {
  if (style.name === "deepObject") return readDeepObject(fields, name, shape);
  const values = fields.get(name);
  const { types } = shape;
  if (types.has("object") && !types.has("array") && style.explode) {
    const members = [...fields].filter(([field]) =>
      shape.properties.has(field) || (shape.rest !== undefined && !isOthers(field))
    );
    if (members.length > 0) {
      return Object.fromEntries(members.map(([field, text]) => [field, readMember(text, memberOf(shape, field))]));
    }
  }
  if (values === undefined) return undefined;
  const delimiter = DELIMITERS[style.name] ?? DELIMITERS.form;
  if (types.has("array") && !(values.length === 1 && isScalarToo(shape) && !delimiter.test(values[0]))) {
    const parts = style.explode ? values : values.flatMap((value) => (value === "" ? [] : value.split(delimiter)));
    if (parts.length === 1 && parts[0] === "") return [];
    return parts.map((part) => fromText(decode(part), shape.items ?? UNKNOWN));
  }
  if (values.length > 1) throw new StyleError("is given more than once");
  if (types.has("object")) return pairsOf(values[0].split(delimiter).map(decode), shape);
  return fromText(decode(values[0]), shape);
}

function readDeepObject(fields: Fields, name: string, shape: Shape): unknown {
  const members: [string, unknown][] = [];
  for (const [field, values] of fields) {
    if (!field.startsWith(`${name}[`) || !field.endsWith("]")) continue;
    const member = field.slice(name.length + 1, -1);
    members.push([member, readMember(values, memberOf(shape, member))]);
  }
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

function readMember(values: readonly string[], shape: Shape): unknown {
  if (shape.types.has("array")) return values.map((value) => fromText(decode(value), shape.items ?? UNKNOWN));
  if (values.length > 1) throw new StyleError("has a member that is given more than once");
  return fromText(decode(values[0]), shape);
}

/**
 * Reads a value written in one text: in a header, or as part of a path.
 *
 * @param text The text, decoded.
 * @param name The value's name, which style `matrix` repeats.
 * @param style How it is written: `simple`, `label` or `matrix`.
 * @param shape What it may be.
 * @returns The value.
 * @throws {StyleError} If it cannot be read.
 */
export function readText(text: string, name: string, style: Style, shape: Shape): unknown {
  const isArray = shape.types.has("array");
  const isObject = !isArray && shape.types.has("object");
  let rest = text;
  let delimiter = ",";
  if (style.name === "label") {
    if (!text.startsWith(".")) throw new StyleError("must begin with a dot");
    rest = text.slice(1);
    if (style.explode) delimiter = ".";
  } else if (style.name === "matrix") {
    const prefix = isObject && style.explode ? ";" : `;${name}`;
    if (!text.startsWith(prefix)) throw new StyleError(`must begin with ';${name}='`);
    rest = text.slice(prefix.length).replace(/^=/, "");
    if (style.explode) delimiter = isObject ? ";" : `;${name}=`;
  }
  if (!isArray && !isObject) return fromText(rest, shape);
  const parts = rest === "" ? [] : rest.split(delimiter).map((part) => part.trim());
  if (isArray) return parts.map((part) => fromText(part, shape.items ?? UNKNOWN));
  if (!style.explode) return pairsOf(parts, shape);
  return Object.fromEntries(parts.map((part) => {
    const [member, value = ""] = part.split("=", 2);
    return [member, fromText(value, memberOf(shape, member))];
  }));
}

function pairsOf(parts: readonly string[], shape: Shape): Record<string, unknown> {
  if (parts.length % 2 !== 0) throw new StyleError("must be names and values in turn");
  const members: [string, unknown][] = [];
  for (let at = 0; at < parts.length; at += 2) {
    members.push([parts[at], fromText(parts[at + 1], memberOf(shape, parts[at]))]);
  }
  return Object.fromEntries(members);
}

function memberOf(shape: Shape, name: string): Shape {
  return shape.properties.get(name) ?? shape.rest ?? UNKNOWN;
}

function isScalarToo({ types }: Shape): boolean {
  return ["string", "integer", "number", "boolean"].some((type) => types.has(type));
}
