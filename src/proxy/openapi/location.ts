/**
 * Parts of the files of an OpenAPI document.
 *
 * @module
 */

import type { Pointer, Source } from "./source.ts";

/** A part of a file. */
export interface Location {
  /** The file. */
  readonly source: Source;
  /** The way to the part. */
  readonly pointer: Pointer;
  /** The part itself. */
  readonly value: unknown;
}

/** The part of `location` that is under some keys, or `undefined`. */
export function walk(location: Location, steps: Pointer): Location | undefined {
  let value = location.value;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return { source: location.source, pointer: [...location.pointer, ...steps], value };
}

/** The text of a reference, or `undefined` for what is none. */
export function referenceOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const reference = (value as { $ref?: unknown }).$ref;
  return typeof reference === "string" ? reference : undefined;
}

/** `file:line:column` of a part. */
export function placeOf(location: Location): string {
  return location.source.place(location.pointer);
}

/** A text from the document, short enough for a message. */
export function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A reference taken apart at its `#`. */
export function splitReference(reference: string): [address: string, fragment: string] {
  const at = reference.indexOf("#");
  return at < 0 ? [reference, ""] : [reference.slice(0, at), reference.slice(at + 1)];
}
