/**
 * Options as people write them, spelled out: `-mnt 12` is `--mnt --net --target=12`.
 *
 * @module
 */

import type { OptionSpec } from "./command_spec.ts";

/** Stands for a value that was left out: no argument can hold it. */
export const LEFT_OUT = "\0";

/** Arguments, taken apart. */
export interface SpelledOut {
  /** Options, each in its long form with its value attached, and words. */
  args: string[];
  /** What was not looked at: `--`, or the option that begins a command, and what is behind it, or the command. */
  rest: readonly string[];
}

/** One argument, and whether the next one is its value. */
interface Spelled {
  args: string[];
  takesNext?: boolean;
}

/** What begins with a dash is an option, but for a number below zero, and the dash that stands for standard input. */
function isValue(arg: string | undefined): arg is string {
  return arg !== undefined && (!arg.startsWith("-") || /^-\d*$/.test(arg));
}

/** An option without anything attached to it. */
function spellBare({ name, value, optional }: OptionSpec, next?: string): Spelled {
  if (value === undefined) return { args: [`--${name}`] };
  if (!optional && isValue(next)) return { args: [`--${name}=${next}`], takesNext: true };
  return { args: [`--${name}=${LEFT_OUT}`] };
}

function spellLetters(arg: string, next: string | undefined, options: readonly OptionSpec[]): Spelled {
  const named = [...arg.slice(1)].map((letter) => options.find(({ short }) => short === letter));
  const needsValue = (option?: OptionSpec): boolean => !option || (option.value !== undefined && !option.optional);
  const last = named.at(-1);
  if (last && !named.slice(0, -1).some(needsValue)) {
    const { args, takesNext } = spellBare(last, next);
    return { args: [...named.slice(0, -1).flatMap((option) => spellBare(option!).args), ...args], takesNext };
  }
  const at = named.findIndex((option) => option?.value ?? true);
  const option = named[at];
  if (!option) return { args: [arg] };
  const switches = named.slice(0, at).map((one) => `--${one!.name}`);
  return { args: [...switches, `--${option.name}=${arg.slice(at + 2).replace(/^=/, "")}`] };
}

function spell(arg: string, next: string | undefined, options: readonly OptionSpec[]): Spelled {
  if (!arg.startsWith("--")) return spellLetters(arg, next, options);
  const option = options.find(({ name }) => arg === `--${name}`);
  return option ? spellBare(option, next) : { args: [arg] };
}

/**
 * Spells arguments out, up to `--` or an option that begins a command.
 *
 * Letters that are all options stand for each of them, the last with a value if
 * it needs one; otherwise what is behind a letter is its value. A value that may be
 * left out is not looked for in the next argument.
 *
 * @param args The arguments.
 * @param options What they may be.
 * @param stopsAtWord Whether the first word that is no option ends them as well.
 * @returns The arguments, taken apart; what is unknown is as it was.
 */
export function spellOut(args: readonly string[], options: readonly OptionSpec[], stopsAtWord: boolean): SpelledOut {
  const spelled: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    const isOption = arg.startsWith("-") && arg !== "-" && arg !== "--";
    const begins = options.some(({ name, beginsCommand }) => beginsCommand && arg === `--${name}`);
    if (arg === "--" || begins || (stopsAtWord && !isOption)) return { args: spelled, rest: args.slice(at) };
    const { args: found, takesNext } = isOption ? spell(arg, args[at + 1], options) : { args: [arg] };
    spelled.push(...found);
    if (takesNext) at++;
  }
  return { args: spelled, rest: [] };
}
