/**
 * Reads the files of an OpenAPI document.
 *
 * Only files in the folder of the document are read, and nothing from a network.
 *
 * @module
 */

import { OpenApiError } from "./errors.ts";
import { type Location, placeOf, shorten, splitReference, walk } from "./location.ts";
import { type Pointer, Source } from "./source.ts";

/** A reference, and what it stands in. */
export interface Reference {
  /** Its text. */
  readonly reference: string;
  /** The map that it is in. */
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

/** What was read. */
export interface Files {
  /** The document itself. */
  readonly main: Location;
  /** All files, by their addresses. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Schemas that have names of their own: by `$id`, and by the file's address with `#` and an anchor. */
  readonly names: ReadonlyMap<string, Location>;
  /** All references. */
  readonly stated: readonly Reference[];
  /** Whether there is `unevaluatedProperties` or `unevaluatedItems`. */
  readonly hasUnevaluated: boolean;
}

/**
 * Reads a document and every file that it refers to.
 *
 * @param file The document's path.
 * @param check Looks at the document before anything that it refers to is read.
 * @returns The files.
 * @throws {OpenApiError} For a file that cannot be read or is not below the document's folder, and for an address.
 */
export async function readFiles(file: string, check: (main: Location) => void): Promise<Files> {
  const { resolve } = await import("node:path");
  const { pathToFileURL } = await import("node:url");
  const url = pathToFileURL(resolve(file));
  const folder = await realPath(new URL(".", url), file);
  const sources = new Map<string, Source>();
  const names = new Map<string, Location>();
  const stated: Reference[] = [];
  let hasUnevaluated = false;
  const waiting: { url: URL; shown: string }[] = [{ url, shown: file }];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    if (sources.has(next.url.href)) continue;
    if (sources.size === MAX_FILES) throw new OpenApiError(`${file}: refers to more than ${MAX_FILES} files`);
    const source = await Source.read(next.url.href, next.shown);
    if (sources.size === 0) check({ source, pointer: [], value: source.root });
    sources.set(source.url, source);
    const found = surveyOf(source);
    for (const [name, location] of found.names) names.set(name, location);
    hasUnevaluated ||= found.hasUnevaluated;
    for (const one of found.references) {
      stated.push(one);
      const [address] = splitReference(one.reference);
      if (address === "" || names.has(address)) continue;
      const target = await confine(address, one.from, folder);
      if (!sources.has(target.href)) waiting.push({ url: target, shown: shownBeside(file, url, target) });
    }
  }
  const source = sources.get(url.href)!;
  return { main: { source, pointer: [], value: source.root }, sources, names, stated, hasUnevaluated };
}

interface Survey {
  readonly references: Reference[];
  readonly names: Map<string, Location>;
  readonly hasUnevaluated: boolean;
}

/** The references of a file, and its schemas with names. */
function surveyOf(source: Source): Survey {
  let hasUnevaluated = false;
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
      if (!namesAreKeys && (LITERALS.has(key) || key.startsWith("x-"))) continue;
      if (!namesAreKeys && key.startsWith("unevaluated")) hasUnevaluated = true;
      waiting.push({ pointer: [...pointer, key], value: part, namesAreKeys: !namesAreKeys && MAPS.has(key) });
    }
  }
  return { references, names, hasUnevaluated };
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
