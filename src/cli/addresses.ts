/**
 * Addresses among the words of a command.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { UsageError } from "./parse.ts";

/**
 * Reads addresses.
 *
 * @param words The words.
 * @param names What each is called in the help.
 * @returns As many addresses.
 * @throws {UsageError} For too few, too many, or what is none.
 */
export function addressesIn(words: readonly string[], names: readonly string[]): UnixAddress[] {
  if (words.length < names.length) throw new UsageError(`which ${names[words.length]}?`);
  if (words.length > names.length) throw new UsageError(`unexpected '${words[names.length]}'`);
  return words.map((word, at) => {
    try {
      return UnixAddress.parse(word);
    } catch (error) {
      throw new UsageError(`${names[at]}: ${(error as Error).message}`);
    }
  });
}
