/**
 * What can be completed for an option's value.
 *
 * @module
 */

import type { OptionSpec } from "./command_spec.ts";

/** Files, names of accounts, or nothing that a shell would know. */
export type ValueKind = "file" | "user" | "group" | "none";

const KINDS: readonly [RegExp, ValueKind][] = [
  [/^(FILE|PATH|DIR|ADDR)/, "file"],
  [/^USER$/, "user"],
  [/^GROUP$/, "group"],
];

/**
 * Tells what an option's value can be completed with, where it is none of some words.
 *
 * @param option The option.
 * @returns What.
 */
export function valueKind({ value = "" }: OptionSpec): ValueKind {
  return KINDS.find(([pattern]) => pattern.test(value))?.[1] ?? "none";
}
