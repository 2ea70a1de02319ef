/**
 * Forms: urlencoded ones, and those in several parts.
 *
 * @module
 */

import { BodyError } from "./body_error.ts";
import { fromJsonText, type Shape, UNKNOWN } from "./shape.ts";
import { decode, readFields, splitFields, StyleError } from "./styles.ts";

/** How a document says that a field of a form is written. */
export interface FormEncoding {
  /** The media types of a file, separated by commas. */
  readonly contentType?: string;
  /** As for parameters in a query. */
  readonly style?: string;
  /** Whether elements and members are fields of their own. */
  readonly explode?: boolean;
}

/**
 * Reads an urlencoded form.
 *
 * @param text The form.
 * @param shape What the schema wants.
 * @param encodings How fields are written, by name.
 * @returns An object with the fields; where the schema wants objects, a field is JSON.
 * @throws {BodyError} If it cannot be read.
 */
export function readUrlencoded(
  text: string,
  shape: Shape,
  encodings: Readonly<Record<string, FormEncoding>>,
): Record<string, unknown> {
  const fields = splitFields(text);
  const result = new Map<string, unknown>();
  const taken = new Set<string>();
  for (const [name, encoding] of Object.entries(encodings)) {
    const member = shape.properties.get(name);
    if (!member || (encoding.style === undefined && encoding.explode === undefined)) continue;
    const style = encoding.style ?? "form";
    for (const field of fields.keys()) if (field === name || field.startsWith(`${name}[`)) taken.add(field);
    const value = guarded(
      name,
      () => readFields(fields, name, { name: style, explode: encoding.explode ?? style === "form" }, member),
    );
    if (value !== undefined) result.set(name, value);
  }
  for (const [name, values] of fields) {
    if (taken.has(name)) continue;
    const texts = values.map((value) => guarded(name, () => decode(value)));
    result.set(name, valueOf(texts, shape.properties.get(name) ?? shape.rest ?? UNKNOWN));
  }
  return Object.fromEntries(result);
}

/**
 * Reads a form in several parts.
 *
 * @param bytes The body.
 * @param contentType Its header field, with the boundary.
 * @param shape What the schema wants.
 * @param encodings How fields are written, by name.
 * @returns An object with the fields; a file is text of one character a byte.
 * @throws {BodyError} If it cannot be read, or a file is of a type that is not allowed.
 */
export async function readMultipart(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  shape: Shape,
  encodings: Readonly<Record<string, FormEncoding>>,
): Promise<{ value: unknown }> {
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  } catch (cause) {
    throw new BodyError(400, "is not a valid form in parts", { cause });
  }
  const fields = new Map<string, string[]>();
  for (const [name, entry] of form) {
    const values = fields.get(name) ?? [];
    fields.set(name, values);
    if (typeof entry === "string") {
      values.push(entry);
      continue;
    }
    const { contentType: allowed } = Object.hasOwn(encodings, name) ? encodings[name] : {};
    if (allowed !== undefined && !isAllowed(entry.type, allowed)) {
      throw new BodyError(415, `has a file of a media type that is not allowed: it must be ${allowed}`);
    }
    values.push(new TextDecoder("latin1").decode(await entry.arrayBuffer()));
  }
  const read = (
    [name, texts]: [string, string[]],
  ) => [name, valueOf(texts, shape.properties.get(name) ?? shape.rest ?? UNKNOWN)];
  return { value: Object.fromEntries(Array.from(fields, read)) };
}

/** One or several texts of one name, as what the schema wants. */
function valueOf(texts: readonly string[], shape: Shape): unknown {
  if (!shape.types.has("array")) {
    return texts.length === 1 ? fromJsonText(texts[0], shape) : [...texts];
  }
  const isWhole = texts.length === 1 && texts[0].startsWith("[");
  const whole = isWhole ? fromJsonText(texts[0], shape) : undefined;
  return Array.isArray(whole) ? whole : texts.map((text) => fromJsonText(text, shape.items ?? UNKNOWN));
}

function isAllowed(type: string, allowed: string): boolean {
  const essence = type.split(";")[0].trim().toLowerCase();
  return allowed.split(",").map((one) => one.trim().toLowerCase()).some((one) =>
    one === "*/*" || one === essence || (one.endsWith("/*") && essence.startsWith(one.slice(0, -1)))
  );
}

function guarded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StyleError) {
      throw new BodyError(400, `has a field '${name.slice(0, 64)}' that ${error.message}`, { cause: error });
    }
    throw error;
  }
}
