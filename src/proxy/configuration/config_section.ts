/**
 * Keys with their values.
 *
 * @module
 */

import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { nearest, suggestion } from "../../core/nearest.ts";
import { ConfigValue, type Reader } from "./config_value.ts";
import { whereItBelongs } from "./known_keys.ts";

/** Beyond this somebody has made a circle. */
const MOST_DEPTH = 20;

/** What one key has. */
export interface Entry {
  /** The key as it is written. */
  readonly key: string;
  /** The key, for complaints about it. */
  readonly at: ConfigValue;
  /** Its value. */
  readonly value: ConfigValue;
}

/** Keys with their values. */
export class Section {
  readonly #value: ConfigValue;
  readonly #entries = new Map<string, Entry>();
  readonly #fold: (key: string) => string;

  /**
   * Reads all keys.
   *
   * @param value What it was made of.
   * @param map The node.
   * @param fold Makes those keys alike that are the same.
   * @param depth How many sections have taken it over, one from the other.
   */
  constructor(value: ConfigValue, map: YAMLMap | null, fold: (key: string) => string, depth = 0) {
    this.#value = value;
    this.#fold = fold;
    const merged: YAMLMap[] = [];
    for (const { key, value: node } of map?.items ?? []) this.#add(key as Node | null, node as Node | null, merged);
    if (merged.length > 0 && depth === MOST_DEPTH) {
      value.complain(`more than ${MOST_DEPTH} sections take over each other, or one takes over itself`);
      return;
    }
    // What a section has itself counts more than what it takes from others.
    for (const other of merged) {
      for (const [key, entry] of new Section(value, other, fold, depth + 1).#entries) {
        if (!this.#entries.has(key)) this.#entries.set(key, entry);
      }
    }
  }

  #add(keyNode: Node | null, node: Node | null, merged: YAMLMap[]): void {
    const { file, offset } = this.#value;
    const at = new ConfigValue(file, keyNode, "", offset);
    const key = at.kind === "text" ? at.text() : at.complain("a key is a text");
    if (key === undefined) return;
    const value = new ConfigValue(file, node, key, at.offset);
    if (key === "<<" && isScalar(keyNode) && keyNode.type === "PLAIN") {
      this.#merge(value, node, merged);
      return;
    }
    const known = this.#entries.get(this.#fold(key));
    if (!known) this.#entries.set(this.#fold(key), { key, at, value });
    else {
      const { line } = file.position(known.at.offset);
      at.complain(`'${key}' is given twice: ${known.key === key ? "" : `as '${known.key}' `}in line ${line} already`);
    }
  }

  #merge(value: ConfigValue, node: Node | null, merged: YAMLMap[]): void {
    const { file } = this.#value;
    const found = file.resolve(node);
    for (const one of isSeq(found) ? found.items as Node[] : [found]) {
      const map = isAlias(one) ? file.resolve(one) : one;
      if (isMap(map)) merged.push(map);
      else value.complain("only a section of keys can be taken over");
    }
  }

  /** All keys in their order. */
  get entries(): Entry[] {
    return [...this.#entries.values()];
  }

  /**
   * Notes every key that is not one of these.
   *
   * @param known The keys there are.
   * @returns The section itself.
   */
  only(known: readonly string[]): this {
    const all = new Set(known.map(this.#fold));
    for (const [key, { at, key: written }] of this.#entries) {
      if (all.has(key)) continue;
      const meant = nearest(key, [...all]);
      const word = known.find((one) => this.#fold(one) === meant);
      const advice = whereItBelongs(written) ?? (word ? `did you mean '${word}'?` : suggestion(written, known));
      at.complain(`there is no '${written}' here: ${advice}`);
    }
    return this;
  }

  /**
   * Finds a key.
   *
   * @param key The key.
   * @returns What it has, or `undefined`.
   */
  get(key: string): ConfigValue | undefined {
    return this.#entries.get(this.#fold(key))?.value;
  }

  /** Whether there is a key. */
  has(key: string): boolean {
    return this.#entries.has(this.#fold(key));
  }

  /**
   * Reads what a key has.
   *
   * @param key The key.
   * @param read Says what it is.
   * @returns What it is; `undefined` if it is not there, or wrong.
   */
  read<T>(key: string, read: Reader<T>): T | undefined {
    const value = this.get(key);
    return value && read(value);
  }

  /**
   * Notes something at a key, or if there is none at the section.
   *
   * @param key The key.
   * @param message What is wrong.
   */
  complain(key: string, message: string): void {
    const entry = this.#entries.get(this.#fold(key));
    if (entry) this.#value.file.complain(entry.at.offset, `${entry.key}: ${message}`);
    else this.#value.complain(message);
  }
}
