/**
 * A configuration as YAML whose nodes know their places.
 *
 * @module
 */

import { type Alias, isAlias, type Node, parseDocument, visit } from "yaml";
import type { CollectionTag, Document, ScalarTag } from "yaml";
import { suggestion } from "../../core/nearest.ts";
import { ConfigError, type ConfigFault } from "./config_error.ts";

/** How many aliases are followed: some hundred routes may share what they have in common, a bomb may not go off. */
const MOST_ALIASES = 10_000;

/** The tags that a command line may have. */
const TAGS = ["!ToSplit", "!Splitted"] as const;

/** Known for every kind of node, so that whoever reads it can tell what it should have been. */
const CUSTOM_TAGS: (ScalarTag | CollectionTag)[] = TAGS.flatMap((tag) => [
  { tag, resolve: (text: string) => text },
  { tag, collection: "seq" as const, resolve: (node: unknown) => node },
  { tag, collection: "map" as const, resolve: (node: unknown) => node },
]);

/** The library tells programmers, not users, what to do. */
const CLEARER: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "there is a second document; a configuration is one",
  TAB_AS_INDENT: "tabs are not allowed for indentation: write blanks",
};

/** A file that is being read: its nodes, and all that is wrong with it. */
export class ConfigFile {
  /** The file's name, for messages. */
  readonly name: string;
  /** The folder that names of files in it start from. */
  readonly folder: string;
  /** The outermost node; `null` in an empty file. */
  readonly root: Node | null;
  readonly #text: string;
  /** Where each line begins; the library's own counter loses lines behind a fault. */
  readonly #lines: readonly number[];
  readonly #targets = new WeakMap<Alias, Node>();
  readonly #faults: { offset: number; message: string }[] = [];
  #aliases = 0;

  /**
   * Reads YAML.
   *
   * @param text The text.
   * @param name The file's name, for messages.
   * @param folder The folder that names of files in it start from.
   * @throws {ConfigError} If it is not valid YAML.
   */
  constructor(text: string, name: string, folder: string) {
    this.name = name;
    this.folder = folder;
    this.#text = text.replace(/^\uFEFF/, "");
    this.#lines = [0, ...Array.from(this.#text.matchAll(/\n/g), ({ index }) => index + 1)];
    const document = this.#parse();
    for (const { code, message, pos } of document.errors) this.complain(pos[0], CLEARER[code] ?? lowered(message));
    for (const { message, pos } of document.warnings) this.complain(pos[0], this.#warning(message));
    this.throwIfFaulty();
    this.root = document.contents;
  }

  #parse(): Document.Parsed {
    try {
      const document = parseDocument(this.#text, {
        prettyErrors: false,
        uniqueKeys: false,
        schema: "core",
        customTags: CUSTOM_TAGS,
        logLevel: "error",
      });
      this.#findAnchors(document);
      return document;
    } catch (error) {
      // Its stack, most likely: it descends into every bracket.
      throw new ConfigError(`${this.name}: cannot be read as YAML: ${(error as Error).message}`);
    }
  }

  /** An alias stands for what had its name last, as names can be used again. */
  #findAnchors(document: Document): void {
    const anchors = new Map<string, Node>();
    visit(document, {
      Node: (_key, node) => {
        if (!isAlias(node)) return void (node.anchor && anchors.set(node.anchor, node));
        const target = anchors.get(node.source);
        if (target) this.#targets.set(node, target);
      },
    });
  }

  #warning(message: string): string {
    const [, tag] = /^Unresolved tag: (.*)$/.exec(message) ?? [];
    return tag === undefined ? lowered(message) : `there is no tag ${tag}: ${suggestion(tag, TAGS)}`;
  }

  /**
   * Follows an alias to what it stands for.
   *
   * @param node A node of this file.
   * @returns The node itself if it is no alias; `null` if it stands for nothing.
   */
  resolve(node: Node | null): Node | null {
    let found: Node | null = node;
    while (isAlias(found)) found = this.#follow(found);
    return found;
  }

  #follow(alias: Alias): Node | null {
    const offset = alias.range?.[0] ?? 0;
    if (++this.#aliases > MOST_ALIASES) {
      this.complain(offset, `there are more than ${MOST_ALIASES} aliases to follow`);
      this.throwIfFaulty();
    }
    const target = this.#targets.get(alias);
    if (target === undefined) this.complain(offset, `there is no anchor &${alias.source} before this`);
    return target ?? null;
  }

  /**
   * Tells a place for people.
   *
   * @param offset Where in the text.
   * @returns The line and the column, in characters.
   */
  position(offset: number): { line: number; column: number } {
    let first = 0, last = this.#lines.length - 1;
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if (this.#lines[middle] <= offset) first = middle;
      else last = middle - 1;
    }
    return { line: first + 1, column: Array.from(this.#text.slice(this.#lines[first], offset)).length + 1 };
  }

  /**
   * Tells a place with the name of the file.
   *
   * @param offset Where in the text.
   * @returns `FILE:LINE:COLUMN`.
   */
  place(offset: number): string {
    const { line, column } = this.position(offset);
    return `${this.name}:${line}:${column}`;
  }

  /**
   * Looks at the text.
   *
   * @param offset Where.
   * @param start What may stand there.
   * @returns Whether it does.
   */
  startsWith(offset: number, start: string): boolean {
    return this.#text.startsWith(start, offset);
  }

  /**
   * Notes a fault.
   *
   * @param offset Where in the text.
   * @param message What is wrong.
   */
  complain(offset: number, message: string): void {
    this.#faults.push({ offset, message });
  }

  /** Throws all faults that were noted, if there are any. */
  throwIfFaulty(): void {
    if (this.#faults.length === 0) return;
    const faults: ConfigFault[] = this.#faults.map(({ offset, message }) => ({ ...this.position(offset), message }));
    throw ConfigError.of(this.name, faults);
  }
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
