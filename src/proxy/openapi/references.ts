/**
 * The files of an OpenAPI document, and where its references lead.
 *
 * Only files in the folder of the document are read, and nothing from a network.
 *
 * @module
 */

import { OpenApiError } from "./errors.ts";
import { type Pointer, Source } from "./source.ts";

/** A part of a file. */
export interface Location {
  /** The file. */
  readonly source: Source;
  /** The way to the part. */
  readonly pointer: Pointer;
  /** The part itself. */
  readonly value: unknown;
}

/** A reference, and what it stands in. */
interface Reference {
  readonly reference: string;
  readonly from: Location;
}

/** More files than this are taken for a mistake. */
const MAX_FILES = 1000;

/** What is under these keys is data of the API, not part of the document. */
const LITERALS = new Set(["example", "examples", "default", "enum", "const"]);

/** The keys of what is under these are names that the author chose, `default` among them. */
const MAPS = new Set([
  ...[
    "paths",
    "webhooks",
    "responses",
    "content",
    "headers",
    "encoding",
    "callbacks",
    "links",
    "schemas",
    "parameters",
  ],
  ...["requestBodies", "pathItems", "securitySchemes", "properties", "patternProperties", "dependentSchemas"],
  ...["$defs", "definitions"],
]);

/** All files of a document. */
export class References {
  /** The document itself. */
  readonly main: Location;
  readonly #sources: ReadonlyMap<string, Source>;
  /** Schemas that have names of their own, by those. */
  readonly #names: ReadonlyMap<string, Location>;

  private constructor(main: Location, sources: ReadonlyMap<string, Source>, names: ReadonlyMap<string, Location>) {
    this.main = main;
    this.#sources = sources;
    this.#names = names;
  }

  /**
   * Reads a document and every file that it refers to.
   *
   * @param file The document's path.
   * @returns The files.
   * @throws {OpenApiError} For a file that cannot be read or is not below the document's folder, and for an address.
   */
  static async read(file: string): Promise<References> {
    const { resolve } = await import("node:path");
    const { pathToFileURL } = await import("node:url");
    const url = pathToFileURL(resolve(file));
    const folder = await realPath(new URL(".", url), file);
    const sources = new Map<string, Source>();
    const names = new Map<string, Location>();
    const stated: Reference[] = [];
    const waiting: { url: URL; shown: string }[] = [{ url, shown: file }];
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (sources.has(next.url.href)) continue;
      if (sources.size === MAX_FILES) throw new OpenApiError(`${file}: refers to more than ${MAX_FILES} files`);
      const source = await Source.read(next.url.href, next.shown);
      sources.set(source.url, source);
      const found = surveyOf(source);
      for (const [name, location] of found.names) names.set(name, location);
      for (const one of found.references) {
        stated.push(one);
        const [address] = splitReference(one.reference);
        if (address === "" || names.has(address)) continue;
        const target = await confine(address, one.from, folder);
        waiting.push({ url: target, shown: shownBeside(file, url, target) });
      }
    }
    const source = sources.get(url.href)!;
    const read = new References({ source, pointer: [], value: source.root }, sources, names);
    for (const { reference, from } of stated) read.resolve(reference, from);
    return read;
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

function splitReference(reference: string): [address: string, fragment: string] {
  const at = reference.indexOf("#");
  return at < 0 ? [reference, ""] : [reference.slice(0, at), reference.slice(at + 1)];
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

/** The references of a file, and its schemas with names. */
function surveyOf(source: Source): { references: Reference[]; names: Map<string, Location> } {
  const references: Reference[] = [];
  const names = new Map<string, Location>();
  const seen = new Set<unknown>();
  const waiting: { pointer: Pointer; value: unknown; namesAreKeys: boolean }[] = [
    { pointer: [], value: source.root, namesAreKeys: false },
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { pointer, value, namesAreKeys } = next;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const location: Location = { source, pointer, value };
    for (const [key, part] of Object.entries(value)) {
      if (!namesAreKeys && typeof part === "string") {
        if (key === "$ref") references.push({ reference: part, from: location });
        else if (key === "$id") names.set(splitReference(part)[0], location);
        else if (key === "$anchor" || key === "$dynamicAnchor") names.set(`${source.url}#${part}`, location);
      }
      if (!namesAreKeys && LITERALS.has(key)) continue;
      waiting.push({ pointer: [...pointer, key], value: part, namesAreKeys: !namesAreKeys && MAPS.has(key) });
    }
  }
  return { references, names };
}

async function realPath(path: URL, shown: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    throw new OpenApiError(`${shown}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The file that an address means, if it is one in the folder. */
async function confine(address: string, from: Location, folder: string): Promise<URL> {
  const text = `${placeOf(walk(from, ["$ref"])!)}: '$ref: ${shorten(address)}'`;
  if (!URL.canParse(address, from.source.url)) throw new OpenApiError(`${text} is not an address`);
  const url = new URL(address, from.source.url);
  if (url.protocol !== "file:") {
    throw new OpenApiError(`${text}: nothing is fetched from a network: keep the file beside the document`);
  }
  let path: string;
  try {
    path = await Deno.realPath(url);
  } catch (cause) {
    throw new OpenApiError(`${text}: ${(cause as Error).message}`, { cause });
  }
  const inside = folder.endsWith("/") ? folder : `${folder}/`;
  if (!path.startsWith(inside)) throw new OpenApiError(`${text} is outside of the document's folder ${folder}`);
  return url;
}

/** The name of a file for messages, beside that of the document. */
function shownBeside(file: string, document: URL, url: URL): string {
  const folder = new URL(".", document).pathname;
  const path = decodeURIComponent(url.pathname);
  const base = decodeURIComponent(folder);
  return path.startsWith(base) ? file.slice(0, file.lastIndexOf("/") + 1) + path.slice(base.length) : path;
}
