/**
 * One file of an OpenAPI document, read so that every part of it can be pointed at.
 *
 * @module
 */

import { OpenApiError, withinStack } from "./errors.ts";
import type { Alias, Document, LineCounter, Node, Pair } from "yaml";
import type * as Yaml from "yaml";

/** No file of a document may have more bytes. */
export const MAX_SOURCE_BYTES = 16 * 1024 * 1024;

/** An anchor may stand for so many copies; more are taken for an attack. */
const MAX_ALIASES = 1000;

/** A way from the root of a file to a part of it: keys and indices. */
export type Pointer = readonly string[];

/** What the package makes of a text, to find places in it. */
interface Tree {
  readonly document: Document;
  readonly lines: LineCounter;
}

/** A file in YAML or JSON. */
export class Source {
  /** Its address, `file:///…`. */
  readonly url: string;
  /** Its name as messages give it. */
  readonly shown: string;
  /** What is in it. */
  readonly root: unknown;
  readonly #parse: () => Tree;
  #tree?: Tree;

  private constructor(url: string, shown: string, root: unknown, parse: () => Tree) {
    this.url = url;
    this.shown = shown;
    this.root = root;
    this.#parse = parse;
  }

  /**
   * Reads a file. In a file named `….json` a key may be there twice: the last one counts.
   *
   * @param url Its address, `file:///…`.
   * @param shown Its name for messages.
   * @returns What was read.
   * @throws {OpenApiError} If it cannot be read, is too large, or is neither YAML nor JSON.
   */
  static async read(url: string, shown: string): Promise<Source> {
    const text = await readText(new URL(url), shown);
    const yaml = await import("yaml");
    const parse = () => parseYaml(yaml, text, shown);
    if (url.endsWith(".json")) {
      try {
        // A hundred times as fast; where it fails, the other tells better why.
        return new Source(url, shown, JSON.parse(text), parse);
      } catch {
        // Neither JSON nor, perhaps, YAML.
      }
    }
    return withinStack(() => shown, () => {
      const { document } = parse();
      try {
        return new Source(url, shown, document.toJS({ maxAliasCount: MAX_ALIASES }), parse);
      } catch (cause) {
        // An alias of nothing, or a bomb of aliases; the package does not say where.
        if (cause instanceof RangeError) throw cause;
        throw new OpenApiError(`${shown}: ${(cause as Error).message}`, { cause });
      }
    });
  }

  /**
   * Says where something stands.
   *
   * @param pointer The way to it; what is not there stands where its nearest parent does.
   * @returns `file:line:column`.
   */
  place(pointer: Pointer): string {
    const { document, lines } = this.#tree ??= this.#parse();
    let node: unknown = document.contents;
    let offset = 0;
    for (const step of pointer) {
      const found = childOf(isAlias(node) ? node.resolve(document) : node, step);
      if (!found) break;
      offset = found.place?.range?.[0] ?? offset;
      node = found.value;
    }
    const { line, col } = lines.linePos(offset);
    return `${this.shown}:${line}:${col}`;
  }
}

function parseYaml(yaml: typeof Yaml, text: string, shown: string): Tree {
  const lines = new yaml.LineCounter();
  const fail = (offset: number, message: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new OpenApiError(`${shown}:${line}:${col}: ${message}`);
  };
  // Keys are compared below: what the package does takes quadratic time.
  const options = { lineCounter: lines, merge: true, uniqueKeys: false, prettyErrors: false };
  const document = yaml.parseDocument(text, options);
  const [error] = document.errors;
  if (error) fail(error.pos[0], /call stack/.test(error.message) ? "nested too deeply" : error.message);
  yaml.visit(document, {
    Map(_, { items }) {
      const keys = new Set<string>();
      for (const { key } of items as Pair<Node>[]) {
        const name = String(key);
        if (keys.has(name) && name !== "<<") {
          fail(key.range?.[0] ?? 0, `the key '${name.slice(0, 100)}' is there twice`);
        }
        keys.add(name);
      }
    },
  });
  return { document, lines };
}

/** What the package has for a part of a map or list: where it stands, and its value. */
function childOf(parent: unknown, step: string): { place?: Node; value: unknown } | undefined {
  const { items = [] } = (parent ?? {}) as { items?: (Node | Pair<Node>)[] };
  for (const [index, item] of items.entries()) {
    if (item !== null && "key" in item) {
      if (String(item.key) === step) return { place: item.key, value: item.value };
    } else if (String(index) === step) {
      return { place: item, value: item };
    }
  }
  return undefined;
}

function isAlias(node: unknown): node is Alias {
  return typeof (node as Alias | null)?.resolve === "function";
}

async function readText(url: URL, shown: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const { isFile, size } = await Deno.stat(url);
    // A pipe would wait for ever, a device never end.
    if (!isFile) throw new OpenApiError(`${shown}: is not a regular file`);
    if (size > MAX_SOURCE_BYTES) {
      throw new OpenApiError(`${shown}: has ${size} bytes; at most ${MAX_SOURCE_BYTES} are read`);
    }
    bytes = await Deno.readFile(url);
  } catch (cause) {
    if (cause instanceof OpenApiError) throw cause;
    throw new OpenApiError(`${shown}: cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OpenApiError(`${shown}: is not UTF-8`, { cause });
  }
}
