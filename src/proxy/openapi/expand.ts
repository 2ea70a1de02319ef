/**
 * A document with its references replaced by what they lead to.
 *
 * @module
 */

import { type Location, referenceOf, walk } from "./location.ts";
import type { References } from "./references.ts";

/** A document that would have more parts than this stays as it is: references can double at every step. */
const MOST_PARTS = 200_000;
/** And so does one that would nest deeper. */
const MOST_LEVELS = 300;

/**
 * Replaces the references of a document.
 *
 * @param references The document.
 * @returns A copy without references but those to what contains them, or `undefined` if it would be too large or too deep.
 * @throws {OpenApiError} For a reference to nothing.
 */
export function expand(references: References): unknown {
  let parts = 0;
  let isTooDeep = false;
  const isTooLarge = (): boolean => isTooDeep || parts > MOST_PARTS;
  const inside = new Set<unknown>();
  const copy = (location: Location): unknown => {
    if (isTooLarge()) return undefined;
    parts++;
    const { value } = location;
    if (typeof value !== "object" || value === null) return value;
    // An alias of YAML may lead upwards as a reference may.
    if (inside.has(value)) return value;
    inside.add(value);
    if (inside.size > MOST_LEVELS) isTooDeep = true;
    const copied = copyOf(location, value);
    inside.delete(value);
    return copied;
  };
  const copyOf = (location: Location, value: object): unknown => {
    const at = (key: string): unknown => copy(walk(location, [key])!);
    if (Array.isArray(value)) return value.map((_, index) => at(String(index)));
    const reference = referenceOf(value);
    // An example may have a $ref of its own, which leads nowhere.
    const target = reference === undefined ? undefined : references.find(reference, location);
    if (!target) return Object.fromEntries(Object.keys(value).map((key) => [key, at(key)]));
    if (inside.has(target.value)) return value;
    const copied = copy(target);
    const { $ref: _, ...siblings } = value as Record<string, unknown>;
    const isMap = typeof copied === "object" && copied !== null && !Array.isArray(copied);
    return isMap && Object.keys(siblings).length > 0 ? { ...copied, ...siblings } : copied;
  };
  const document = copy(references.main);
  return isTooLarge() ? undefined : document;
}
