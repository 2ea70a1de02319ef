/**
 * Where the references of an OpenAPI document lead.
 *
 * @module
 */

import { OpenApiError } from "./errors.ts";
import { type Files, readFiles } from "./files.ts";
import { type Location, placeOf, referenceOf, shorten, splitReference, walk } from "./location.ts";
import type { Source } from "./source.ts";

/** All files of a document. */
export class References {
  /** The document itself. */
  readonly main: Location;
  /** Whether a schema has `unevaluatedProperties` or `unevaluatedItems`. */
  readonly hasUnevaluated: boolean;
  readonly #sources: ReadonlyMap<string, Source>;
  /** Schemas that have names of their own, by those. */
  readonly #names: ReadonlyMap<string, Location>;

  private constructor({ main, hasUnevaluated, sources, names }: Files) {
    this.main = main;
    this.hasUnevaluated = hasUnevaluated;
    this.#sources = sources;
    this.#names = names;
  }

  /**
   * Reads a document and every file that it refers to.
   *
   * @param file The document's path.
   * @param check Looks at the document before anything that it refers to is read.
   * @returns The files.
   * @throws {OpenApiError} For a file that cannot be read or is not below the document's folder, for an address, and for
   * a reference to nothing.
   */
  static async read(file: string, check: (main: Location) => void): Promise<References> {
    const files = await readFiles(file, check);
    const references = new References(files);
    for (const { reference, from } of files.stated) references.resolve(reference, from);
    return references;
  }

  /**
   * Finds what a reference means.
   *
   * @param reference Its text, such as `#/components/schemas/Pet` or `pets.yaml#/Pet`.
   * @param from Where it stands.
   * @returns What it leads to, which may be a reference itself.
   * @throws {OpenApiError} If there is nothing.
   */
  resolve(reference: string, from: Location): Location {
    const found = this.find(reference, from);
    if (found) return found;
    const place = placeOf(walk(from, ["$ref"]) ?? from);
    throw new OpenApiError(`${place}: '$ref: ${shorten(reference)}' leads to nothing`);
  }

  /** As {@linkcode resolve}, but `undefined` if there is nothing. */
  find(reference: string, from: Location): Location | undefined {
    const [address, fragment] = splitReference(reference);
    const base = address === "" ? resourceOf(from) : this.#fileOrName(address, from.source);
    if (!base) return undefined;
    if (fragment === "") return base;
    if (!fragment.startsWith("/")) return this.#names.get(`${base.source.url}#${fragment}`);
    const steps = fragment.slice(1).split("/").map(unescapeStep);
    return walk(base, steps) ?? walk({ source: base.source, pointer: [], value: base.source.root }, steps);
  }

  /**
   * Goes on to what something refers to, if it does.
   *
   * @param location What may be a reference.
   * @returns What is none.
   * @throws {OpenApiError} If there is nothing, or references lead in a circle.
   */
  follow(location: Location): Location {
    const seen = new Set<unknown>();
    let here = location;
    for (let reference = referenceOf(here.value); reference !== undefined; reference = referenceOf(here.value)) {
      if (seen.has(here.value)) throw new OpenApiError(`${placeOf(location)}: '$ref' leads back to itself`);
      seen.add(here.value);
      here = this.resolve(reference, here);
    }
    return here;
  }

  #fileOrName(address: string, from: Source): Location | undefined {
    const named = this.#names.get(address);
    if (named || !URL.canParse(address, from.url)) return named;
    const source = this.#sources.get(new URL(address, from.url).href);
    return source && { source, pointer: [], value: source.root };
  }
}

function unescapeStep(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // A bare percent sign means itself.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** What `#` means at a place: the nearest schema above it with an `$id`, else its file. */
function resourceOf(from: Location): Location {
  const root: Location = { source: from.source, pointer: [], value: from.source.root };
  for (let length = from.pointer.length; length > 0; length--) {
    const above = walk(root, from.pointer.slice(0, length));
    if (typeof (above?.value as { $id?: unknown } | null)?.$id === "string") return above!;
  }
  return root;
}
