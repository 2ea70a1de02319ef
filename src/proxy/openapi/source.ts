/**
 * One file of an OpenAPI document, read so that every part of it can be pointed at.
 *
 * @module
 */

import { OpenApiError, withinStack } from "./errors.ts";
import type { Document, LineCounter, Node, Pair } from "yaml";

/** No file of a document may have more bytes. */
export const MAX_SOURCE_BYTES = 16 * 1024 * 1024;

/** An anchor may stand for so many copies; more are taken for an attack. */
const MAX_ALIASES = 1000;

/** A way from the root of a file to a part of it: keys and indices. */
export type Pointer = readonly string[];

/** A file in YAML or JSON. */
export class Source {
  /** Its address, `file:///…`. */
  readonly url: string;
  /** Its name as messages give it. */
  readonly shown: string;
  /** What is in it. */
  readonly root: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(url: string, shown: string, root: unknown, document: Document, lines: LineCounter) {
    this.url = url;
    this.shown = shown;
    this.root = root;
    this.#document = document;
    this.#lines = lines;
  }

  /**
   * Reads a file.
   *
   * @param url Its address, `file:///…`.
   * @param shown Its name for messages.
   * @returns What was read.
   * @throws {OpenApiError} If it cannot be read, is too large, or is neither YAML nor JSON.
   */
  static async read(url: string, shown: string): Promise<Source> {
    const text = await readText(new URL(url), shown);
    const { LineCounter, parseDocument, visit } = await import("yaml");
    const lines = new LineCounter();
    const fail = (offset: number, message: string): never => {
      const { line, col } = lines.linePos(offset);
      throw new OpenApiError(`${shown}:${line}:${col}: ${message}`);
    };
    return withinStack(shown, () => {
      // Keys are compared below: what the package does takes quadratic time.
      const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: false, prettyErrors: false });
      const [error] = document.errors;
      if (error) fail(error.pos[0], error.message);
      visit(document, {
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
      try {
        return new Source(url, shown, document.toJS({ maxAliasCount: MAX_ALIASES }), document, lines);
      } catch (cause) {
        // An alias of nothing or of itself, or a bomb of aliases; the package does not say where.
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
    let node: unknown = this.#document.contents;
    let offset = 0;
    for (const step of pointer) {
      // deno-lint-ignore no-explicit-any -- the nodes of the package are told apart by what they have
      let parent = node as any;
      if (typeof parent?.resolve === "function") parent = parent.resolve(this.#document);
      // deno-lint-ignore no-explicit-any
      const item: any = parent?.items?.find((one: any, index: number) =>
        one !== null && typeof one === "object" && "key" in one ? String(one.key) === step : String(index) === step
      );
      if (!item) break;
      const isPair = "key" in item;
      offset = (isPair ? item.key : item).range?.[0] ?? offset;
      node = isPair ? item.value : item;
    }
    const { line, col } = this.#lines.linePos(offset);
    return `${this.shown}:${line}:${col}`;
  }
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
