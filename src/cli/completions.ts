/**
 * `ipcx completions`: completion scripts for shells, made from the table.
 *
 * @module
 */

import { bash } from "./completions_bash.ts";
import { fish } from "./completions_fish.ts";
import { zsh } from "./completions_zsh.ts";
import { type Arguments, UsageError } from "./parse.ts";

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

/**
 * Runs `ipcx completions`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export function run(args: Arguments): number {
  const [shell, ...rest] = args.words;
  if (!Object.hasOwn(SHELLS, shell) || rest.length > 0) {
    const unknown = rest.length === 0 && shell !== undefined
      ? { written: shell, known: Object.keys(SHELLS) }
      : undefined;
    throw new UsageError("completions takes one word: bash, zsh or fish", unknown);
  }
  Deno.stdout.writeSync(new TextEncoder().encode(SHELLS[shell]()));
  return 0;
}
