/**
 * Reading command lines with the options and results of
 * `jsr:@std/cli/parse-args`, for where JSR cannot be reached.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 * import { assertEquals } from "@std/assert";
 *
 * const args = parseArgs(["--keep-fd=3", "ls"], { collect: ["keep-fd"] });
 * assertEquals(args, { "keep-fd": [3], _: ["ls"] });
 * ```
 *
 * @module
 */
import { declare } from "./parse_args/declarations.ts";
import { assign, has, type Result } from "./parse_args/result.ts";
import { type Token, tokenize } from "./parse_args/tokens.ts";
import type { Args, ParseOptions, Values } from "./parse_args/types.ts";

export type { Args, ParseOptions };

/**
 * Reads arguments into an object: options by name, all others in `_`.
 *
 * `--name value`, `--name=value`, `-n value`, `-n5` and clusters like `-abc`
 * are understood; an option without a value is `true`; values that look like
 * numbers become numbers unless declared as `string`; of an option given twice
 * the last value counts unless declared as `collect`.
 *
 * @param args The arguments, usually `Deno.args`.
 * @param options What is known of the options.
 * @returns The values found.
 * @throws {TypeError} If an alias has no value.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 * import { assertEquals } from "@std/assert";
 *
 * const args = parseArgs(["-v", "--net", "007", "ls"], {
 *   boolean: ["verbose"],
 *   string: ["net"],
 *   alias: { verbose: "v" },
 * });
 * assertEquals(args, { v: true, verbose: true, net: "007", _: ["ls"] });
 * ```
 */
export function parseArgs<
  TBooleans extends boolean | string | undefined = undefined,
  TStrings extends string | undefined = undefined,
  TCollectable extends string | undefined = undefined,
  TNegatable extends string | undefined = undefined,
  TDefaults extends Record<string, unknown> | undefined = undefined,
  const TAliases extends
    | Readonly<Record<string, string | readonly string[]>>
    | undefined = undefined,
  TDoubleDash extends boolean | undefined = undefined,
>(
  args: readonly string[],
  options?: ParseOptions<
    TBooleans,
    TStrings,
    TCollectable,
    TNegatable,
    TDefaults,
    TAliases,
    TDoubleDash
  >,
): Args<
  Values<TBooleans, TStrings, TCollectable, TNegatable, TDefaults, TAliases>,
  TDoubleDash
> {
  return parse(args, (options ?? {}) as ParseOptions) as ReturnType<
    typeof parseArgs<
      TBooleans,
      TStrings,
      TCollectable,
      TNegatable,
      TDefaults,
      TAliases,
      TDoubleDash
    >
  >;
}

function parse(args: readonly string[], options: ParseOptions): Result {
  const { booleans, strings, lookUp } = declare(options);
  const allBooleans = options.boolean === true;
  const { stopEarly = false, unknown = () => true } = options;
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const result: Result = { _: [] };
  const grammar = { lookUp, allBooleans, stopEarly };

  for (const token of tokenize(args.slice(0, end), grammar)) {
    if (token.kind === "option") addOption(token);
    else if (token.kind === "positional") addPositional(token);
    else result._.push(token.arg);
  }
  addDefaults();
  const rest = args.slice(end + 1);
  if (options["--"]) result["--"] = rest;
  else result._.push(...rest);
  return result;

  function addPositional({ arg }: Token): void {
    if (unknown(arg) === false) return;
    result._.push(strings.has("_") ? arg : numberIfLike(arg));
  }

  function addOption(token: Token & { kind: "option" }): void {
    const { arg, name, value } = token;
    const option = lookUp(name);
    const isFlag = allBooleans && /^--[^=]+$/.test(arg);
    if (!option.known && !isFlag && unknown(arg, name, value) === false) return;
    const typed = typeof value === "string" && !option.string ? numberIfLike(value) : value;
    for (const each of option.names) {
      assign(result, each, typed, token.collect && option.collect);
    }
  }

  function addDefaults(): void {
    for (const [name, value] of Object.entries(options.default ?? {})) {
      if (has(result, name)) continue;
      for (const each of lookUp(name).names) assign(result, each, value, false);
    }
    for (const name of new Set([...booleans, ...strings])) {
      if (has(result, name)) continue;
      const { collect, boolean } = lookUp(name);
      if (collect) assign(result, name, [], false);
      else if (boolean) assign(result, name, false, false);
    }
  }
}

function numberIfLike(text: string): string | number {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
