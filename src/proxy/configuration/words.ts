/**
 * Values that are one of several words.
 *
 * @module
 */

import { nearest } from "../../core/nearest.ts";
import type { Reader } from "./config_value.ts";

/**
 * Makes a reader for one of several words.
 *
 * @param words The words.
 * @param others What else may be written, and which of the words it stands for.
 * @returns The reader.
 */
export function word<Word extends string>(
  words: readonly Word[],
  others: Readonly<Record<string, Word>> = {},
): Reader<Word> {
  return (value) => {
    const text = value.text(words.join(" or "));
    if (text === undefined) return undefined;
    const found = words.find((one) => one === text) ?? others[text];
    if (found !== undefined) return found;
    const meant = nearest(text, words);
    return value.complain(`'${text}' is none of ${words.join(", ")}${meant ? `: did you mean '${meant}'?` : ""}`);
  };
}
