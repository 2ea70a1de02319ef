/**
 * What the options of `ipcx hold` say, checked before anything is done.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { HolderClient } from "../hold/client.ts";
import { defaultHolderAddress } from "../hold/defaults.ts";
import { checkName } from "../hold/names.ts";
import { HOLD, HOLD_VERBS, type HoldVerb, holdVerbsOf } from "./hold_table.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { descriptor, duration } from "./values.ts";

const READERS: Readonly<Record<string, (text: string) => unknown>> = { fd: descriptor, timeout: duration };

function inWords(verbs: readonly HoldVerb[]): string {
  const words = verbs.map((verb) => verb === "serve" ? "holding" : verb);
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

/**
 * Finds what is to be done, and checks that all options are for it.
 *
 * @param args The arguments.
 * @returns The verb.
 * @throws {UsageError} For anything that does not fit.
 */
export function holdVerbFrom(args: Arguments): HoldVerb {
  // Values are looked at before it is asked whether their option is of use.
  for (const [name, read] of Object.entries(READERS)) args.all(name, read);
  const [word] = args.words;
  const verb = word === undefined ? "serve" : HOLD_VERBS.find((one) => one === word);
  if (verb === undefined) {
    const otherwise = `; there are ${inWords(HOLD_VERBS)}, and without a word it holds`;
    throw new UsageError(`there is no '${word}'`, { written: word, known: HOLD_VERBS, otherwise });
  }
  const misplaced = HOLD.options.find(({ name }) => args.has(name) && !holdVerbsOf(name).includes(verb));
  if (misplaced) {
    throw new UsageError(
      `--${misplaced.name} is not for ${inWords([verb])}; it is for ${inWords(holdVerbsOf(misplaced.name))}`,
    );
  }
  if (args.command && verb !== "run") throw new UsageError("a command is for run");
  return verb;
}

/**
 * Reads the names behind the verb.
 *
 * @param args The arguments.
 * @returns The names, perhaps none.
 * @throws {UsageError} For what is no name.
 */
export function namesFrom(args: Arguments): string[] {
  return args.words.slice(1).map((name) => {
    try {
      return checkName(name);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  });
}

/**
 * Refuses names where none are wanted.
 *
 * @param args The arguments.
 * @throws {UsageError} If there is one.
 */
export function refuseNames(args: Arguments): void {
  const [, name] = args.words;
  if (name !== undefined) throw new UsageError(`unexpected '${name}'`);
}

/**
 * Finds the holder to ask.
 *
 * @param args The arguments.
 * @returns Its client.
 * @throws {UsageError} For several.
 */
export function clientFrom(args: Arguments): HolderClient {
  const addresses = args.all("socket", UnixAddress.parse);
  if (addresses.length > 1) throw new UsageError("--socket was given more than once");
  return new HolderClient(addresses[0] ?? defaultHolderAddress(), { timeout: args.get("timeout", duration) });
}
