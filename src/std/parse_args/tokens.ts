import type { Declaration } from "./declarations.ts";

/**
 * One thing said on the command line.
 *
 * `rest` is what stopEarly left alone: it is not even looked at.
 * `collect: false` marks a value that replaces earlier ones even if the option
 * collects: a negation takes back everything.
 *
 * @example
 * ```ts
 * import type { Token } from "./tokens.ts";
 *
 * const token: Token = { kind: "positional", arg: "run" };
 * console.log(token.arg);
 * ```
 */
export type Token =
  | { kind: "positional" | "rest"; arg: string }
  | {
    kind: "option";
    arg: string;
    name: string;
    value: string | boolean;
    collect: boolean;
  };

/**
 * How options are to be read.
 *
 * @example
 * ```ts
 * import { declare } from "./declarations.ts";
 * import type { Grammar } from "./tokens.ts";
 *
 * const grammar: Grammar = {
 *   lookUp: declare({}).lookUp,
 *   allBooleans: true,
 *   stopEarly: false,
 * };
 * console.log(grammar.allBooleans);
 * ```
 */
export interface Grammar {
  /** Says what was declared about a name. */
  lookUp(name: string): Declaration;
  /** No `--name` takes the next argument. */
  readonly allBooleans: boolean;
  /** All after the first positional argument is positional. */
  readonly stopEarly: boolean;
}

type Value = { value: string | boolean; taken: 0 | 1 };

const optionLike = /^--?[^-]/;
const endsInNumber = /\d(\.\d*)?(e-?\d+)?$/;

/**
 * Reads arguments, all of them before any `--`, one after the other.
 *
 * @param args The arguments.
 * @param grammar How to read them.
 * @returns What they say, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { declare } from "./declarations.ts";
 * import { tokenize } from "./tokens.ts";
 *
 * const { lookUp } = declare({});
 * const grammar = { lookUp, allBooleans: false, stopEarly: false };
 * assertEquals([...tokenize(["run"], grammar)], [
 *   { kind: "positional", arg: "run" },
 * ]);
 * ```
 */
export function* tokenize(
  args: readonly string[],
  grammar: Grammar,
): Generator<Token> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    // What follows may be the option's value, never an empty one.
    const next = args[i + 1] || undefined;
    if (arg.startsWith("--")) {
      i += yield* longOption(arg, next, grammar);
    } else if (arg.startsWith("-") && arg !== "-") {
      i += yield* shortOptions(arg, next, grammar);
    } else {
      yield { kind: "positional", arg };
      if (!grammar.stopEarly) continue;
      for (const rest of args.slice(i + 1)) {
        yield { kind: "rest", arg: rest };
      }
      return;
    }
  }
}

function* longOption(
  arg: string,
  next: string | undefined,
  grammar: Grammar,
): Generator<Token, 0 | 1> {
  const negated = arg.startsWith("--no-") && arg.length > "--no-".length;
  const start = negated ? "--no-".length : "--".length;
  // A name has at least one character, so `--=x` is an option named "=x".
  const equals = arg.indexOf("=", start + 1);
  if (equals !== -1) {
    const name = arg.slice(start, equals);
    const text = arg.slice(equals + 1);
    const value = grammar.lookUp(name).boolean ? text !== "false" : text;
    yield { kind: "option", arg, name, value, collect: true };
    return 0;
  }
  if (negated && grammar.lookUp(arg.slice(start)).negatable) {
    const name = arg.slice(start);
    yield { kind: "option", arg, name, value: false, collect: false };
    return 0;
  }
  const name = arg.slice("--".length);
  const declared = grammar.lookUp(name);
  const takesNext = !grammar.allBooleans && !declared.booleanByAnyName &&
    !next?.startsWith("-");
  const { value, taken } = valueFrom(next, takesNext, declared);
  yield { kind: "option", arg, name, value, collect: true };
  return taken;
}

/** A cluster: `-abc` is three options, `-n5` and `-n=5` one with a value. */
function* shortOptions(
  arg: string,
  next: string | undefined,
  grammar: Grammar,
): Generator<Token, 0 | 1> {
  const option = (name: string, value: string | boolean): Token => (
    { kind: "option", arg, name, value, collect: true }
  );
  const last = arg.length - 1;
  for (let i = 1; i < last; i++) {
    const name = arg[i];
    const rest = arg.slice(i + 1);
    if (rest === "-") {
      yield option(name, "-");
      continue;
    }
    const attached = attachedValue(name, rest);
    if (attached !== undefined) {
      yield option(name, attached);
      return 0;
    }
    yield option(name, grammar.lookUp(name).string ? "" : true);
  }
  const name = arg[last];
  if (name === "-") return 0;
  const declared = grammar.lookUp(name);
  const takesNext = !declared.booleanByAnyName &&
    !(next && optionLike.test(next));
  const { value, taken } = valueFrom(next, takesNext, declared);
  yield option(name, value);
  return taken;
}

function attachedValue(name: string, rest: string): string | undefined {
  if (rest === "=") return "";
  if (/[A-Za-z]/.test(name)) {
    const equals = rest.indexOf("=");
    if (equals !== -1 && equals < rest.length - 1) {
      return rest.slice(equals + 1);
    }
    if (endsInNumber.test(rest)) return rest;
  }
  // The last character of a cluster is an option whatever it is.
  if (rest.length > 1 && /\W/.test(rest[0])) return rest;
}

function valueFrom(
  next: string | undefined,
  takesNext: boolean,
  declared: Declaration,
): Value {
  if (next !== undefined) {
    if (takesNext) return { value: next, taken: 1 };
    if (next === "true" || next === "false") {
      return { value: next === "true", taken: 1 };
    }
  }
  return { value: declared.string ? "" : true, taken: 0 };
}
