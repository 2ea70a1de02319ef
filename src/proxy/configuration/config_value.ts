/**
 * A cursor over a configuration: what a key has, and how it is taken as text,
 * a list or a section; what does not fit is noted with its place.
 *
 * @module
 */

import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { ConfigFile } from "./config_file.ts";
import { Section } from "./config_section.ts";
import { withoutDashes } from "./known_keys.ts";

/** Says what a value is; `undefined` means that something is wrong with it, and noted. */
export type Reader<T> = (value: ConfigValue) => T | undefined;

/** A key without what its spellings differ in. */
/** Something in a configuration that has a place. */
export class ConfigValue {
  /** The file it is in. */
  readonly file: ConfigFile;
  /** The key it was found at, as it is written; empty for the whole file. */
  readonly name: string;
  /** Where it begins in the text. */
  readonly offset: number;
  readonly #node: Node | null;

  /**
   * Points at a node.
   *
   * @param file The file.
   * @param node The node; `null` for nothing.
   * @param name The key it was found at.
   * @param offset Where to complain if there is nothing.
   */
  constructor(file: ConfigFile, node: Node | null, name: string, offset: number) {
    this.file = file;
    this.name = name;
    this.offset = node?.range?.[0] ?? offset;
    this.#node = file.resolve(node);
  }

  /** What kind of thing it is. */
  get kind(): "text" | "list" | "section" | "nothing" {
    if (isMap(this.#node)) return "section";
    if (isSeq(this.#node)) return "list";
    return isScalar(this.#node) && !(this.#node.value === null && this.#node.source === "") ? "text" : "nothing";
  }

  /** Its tag, such as `!ToSplit`. */
  get tag(): string | undefined {
    return this.#node?.tag;
  }

  /** Whether a text stands in quotes, or in a block. */
  get isQuoted(): boolean {
    return isScalar(this.#node) && this.#node.type !== "PLAIN";
  }

  /**
   * Notes that something is wrong with it.
   *
   * @param message What.
   * @returns `undefined`, for readers.
   */
  complain(message: string): undefined {
    this.file.complain(this.offset, this.name === "" ? message : `${this.name}: ${message}`);
    return undefined;
  }

  /**
   * Takes it as a text: as it is written, so that `0600` and `1.10` stay what they are.
   *
   * @param what What is needed, for the complaint.
   * @returns The text; `undefined` if it is none, has a tag, or has a NUL in it.
   */
  text(what = "a text"): string | undefined {
    return this.#hasWrongTag() ? undefined : this.writtenText(what);
  }

  /**
   * Takes it as a text, whatever tag it has.
   *
   * @param what What is needed, for the complaint.
   * @returns The text; `undefined` if it is none, or has a NUL in it.
   */
  writtenText(what = "a text"): string | undefined {
    if (!this.#is("text", what)) return undefined;
    const { source, value } = this.#node as { source?: string; value: unknown };
    const text = source ?? String(value);
    return text.includes("\0") ? this.complain("there is a NUL in it, which no program could be given") : text;
  }

  /**
   * Takes it as a list; nothing is an empty one.
   *
   * @param what What is needed, for the complaint.
   * @returns Its items; `undefined` if it is none.
   */
  list(what = "a list"): ConfigValue[] | undefined {
    if (this.kind === "nothing") return [];
    if (this.#hasWrongTag() || !this.#is("list", what)) return undefined;
    return this.items();
  }

  /**
   * Looks at the items of a list, whatever tag it has.
   *
   * @returns The items; none if it is no list.
   */
  items(): ConfigValue[] {
    if (!isSeq(this.#node)) return [];
    const items = this.#node.items as (Node | null)[];
    return items.map((item) => new ConfigValue(this.file, item, this.name, this.offset));
  }

  /**
   * Takes it as a section with certain keys, in either spelling; nothing is an empty one.
   *
   * @param known The keys; others are noted.
   * @returns The section; `undefined` if it is none.
   */
  section(known: readonly string[]): Section | undefined {
    return this.#section(withoutDashes)?.only(known);
  }

  /**
   * Takes it as a section with any keys, each as it is written; nothing is an empty one.
   *
   * @returns The section; `undefined` if it is none.
   */
  pairs(): Section | undefined {
    return this.#section((key) => key);
  }

  #section(fold: (key: string) => string): Section | undefined {
    if (this.kind === "nothing") return new Section(this, null, fold);
    if (this.#hasWrongTag() || !this.#is("section", "a section of keys")) return undefined;
    return new Section(this, isMap(this.#node) ? this.#node : null, fold);
  }

  /**
   * Takes it as a text that a function understands.
   *
   * @param read The function; what it throws is noted.
   * @param what What is needed, for the complaint.
   * @returns What the function returns; `undefined` if it throws, or there is no text.
   */
  parse<T>(read: (text: string) => T, what?: string): T | undefined {
    const text = this.text(what);
    if (text === undefined) return undefined;
    try {
      return read(text);
    } catch (error) {
      return this.complain((error as Error).message);
    }
  }

  #is(kind: "text" | "list" | "section", what: string): boolean {
    if (this.kind === kind) return true;
    if (kind === "text" && this.file.startsWith(this.offset, "{{")) {
      this.complain("a placeholder must stand in quotes here: YAML takes a brace for a section of keys");
      return false;
    }
    const found = { text: "a text", list: "a list", section: "a section of keys", nothing: "nothing" }[this.kind];
    this.complain(`${what} is needed here, not ${found}`);
    return false;
  }

  #hasWrongTag(): boolean {
    if (!/^!(ToSplit|Splitted)$/.test(this.tag ?? "")) return false;
    this.complain(`${this.tag} is for cmd only`);
    return true;
  }
}
