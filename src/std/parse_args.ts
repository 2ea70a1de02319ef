/**
 * Reading command lines with the options and results of
 * `jsr:@std/cli/parse-args`, for where JSR cannot be reached.
 *
 * Unlike the real package:
 *
 * - a short option with its value attached (`-n5`, `-n=5`, `-ofile`) has to be
 *   declared as `string` or `collect`; then any value can be attached;
 * - a dot in a name has no meaning; `boolean: true` is not known;
 * - `-` is never taken for the value of the option before it;
 * - the type of the result knows neither aliases, defaults nor negation.
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

/**
 * Options of `parseArgs`.
 *
 * @example
 * ```ts
 * const options: ParseOptions = { stopEarly: true };
 * console.log(parseArgs(["spawn", "ls", "-l"], options)._);
 * ```
 */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  D extends boolean = boolean,
> {
  /** Options without a value. */
  boolean?: B | readonly B[];
  /** Options whose value stays a string even if it looks like a number; `_`: what is no option, too. */
  string?: S | readonly S[];
  /** Options that may be repeated: their values become an array. */
  collect?: C | readonly C[];
  /** Options that `--no-name` sets to `false`. */
  negatable?: string | readonly string[];
  /** Further names of an option: all of them get its value. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Values of options that are not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Put what follows `--` into the result's `--`, not into `_`. */
  "--"?: D;
  /** Leave everything after the first argument that is no option unparsed. */
  stopEarly?: boolean;
  /** Asked about each argument not declared; `false` drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/**
 * The values found, by name, and in `_` what is no option.
 *
 * @example
 * ```ts
 * const args: Args = parseArgs(["--port=80", "run"]);
 * console.log(args.port, args._);
 * ```
 */
export type Args<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D extends boolean = false,
> =
  & { _: (string | number)[] }
  & (D extends true ? { "--": string[] } : unknown)
  // deno-lint-ignore no-explicit-any
  & ([B | S | C] extends [never] ? Record<string, any>
    :
      & Record<string, unknown>
      & { [K in Exclude<B, C>]: boolean }
      & { [K in Exclude<S, B | C>]?: string }
      & { [K in Extract<C, S>]: string[] }
      & { [K in Exclude<C, S>]?: unknown[] });

/**
 * Reads arguments into an object: options by name, all others in `_`.
 *
 * `--name value`, `--name=value`, `-n value` and clusters like `-abc` are
 * understood; an option without a value is `true`; values that look like
 * numbers become numbers unless declared as `string`; of an option given twice
 * the last value counts unless declared as `collect`.
 *
 * @example
 * ```ts
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
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D extends boolean = false,
>(args: readonly string[], options: ParseOptions<B, S, C, D> = {}): Args<B, S, C, D> {
  const { unknown = () => true } = options;
  const aliases = new Map(
    Object.entries(options.alias ?? {}).map(([name, others]) => [name, ...list(others)])
      .flatMap((names) => names.map((name) => [name, names])),
  );
  const namesOf = (name: string) => aliases.get(name) ?? [name];
  const declared = (names?: string | readonly string[]) => new Set(list(names).flatMap(namesOf));
  const booleans = declared(options.boolean);
  const strings = declared(options.string);
  const collected = declared(options.collect);
  const negatable = declared(options.negatable);
  const known = new Set([...booleans, ...strings, ...collected, ...aliases.keys()]);
  const withValue = [...strings, ...collected].filter((name) => !booleans.has(name));
  const valued = new Set(withValue);
  const typed = (name: string, value: unknown) => strings.has(name) ? value : numberIfLike(value);

  const values = new Map<string, unknown>();
  const words: unknown[] = [];
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let i = 0; i < end; i++) {
    const arg = args[i];
    const tokens = optionsIn(arg, valued);
    for (const token of tokens) {
      const next = token === tokens.at(-1) && i + 1 < end ? args[i + 1] : "";
      i += addOption(arg, token.name, token.value, next);
    }
    if (tokens.length > 0) continue;
    if (unknown(arg) !== false) words.push(typed("_", arg));
    if (!options.stopEarly) continue;
    words.push(...args.slice(i + 1, end));
    break;
  }
  for (const [name, value] of Object.entries(options.default ?? {})) {
    if (values.has(name)) continue;
    for (const each of namesOf(name)) values.set(each, value);
  }
  for (const name of [...booleans, ...strings]) {
    if (values.has(name)) continue;
    if (collected.has(name)) values.set(name, []);
    else if (booleans.has(name)) values.set(name, false);
  }
  const rest = args.slice(end + 1);
  const result = { ...Object.fromEntries(values), _: words };
  if (options["--"]) Object.assign(result, { "--": rest });
  else words.push(...rest);
  return result as unknown as Args<B, S, C, D>;

  /** Returns how many arguments it took beside its own. */
  function addOption(arg: string, name: string, inline: string | undefined, next: string): 0 | 1 {
    const positive = name.replace(/^no-/, "");
    if (inline === undefined && positive !== name && negatable.has(positive)) {
      for (const each of namesOf(positive)) values.set(each, false);
      return 0;
    }
    const isBoolean = booleans.has(name);
    const takesNext = inline === undefined && (isBoolean ? /^(true|false)$/ : /^[^-]/).test(next);
    const text = takesNext ? next : inline ?? (strings.has(name) ? "" : true);
    const value = isBoolean ? text !== "false" : text;
    if (!known.has(name) && unknown(arg, name, value) === false) return takesNext ? 1 : 0;
    const one = typed(name, value);
    const all = [values.get(name) || [], one].flat();
    for (const each of namesOf(name)) values.set(each, collected.has(name) ? all : one);
    return takesNext ? 1 : 0;
  }
}

function list(names: string | readonly string[] = []): readonly string[] {
  return typeof names === "string" ? [names] : names;
}

/** The options that an argument is made of, with a value that is attached; none for a word. */
function optionsIn(arg: string, valued: ReadonlySet<string>): { name: string; value?: string }[] {
  if (arg.startsWith("--")) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return name === undefined ? [] : [{ name, value }];
  }
  if (!arg.startsWith("-")) return [];
  const letters = [...arg.slice(1)];
  const first = letters.findIndex((letter) => valued.has(letter));
  // The first that takes a value takes all that follows.
  const own = first < 0 ? letters : letters.slice(0, first + 1);
  const rest = letters.slice(own.length).join("");
  return own.map((name, at) => at === first && rest !== "" ? { name, value: rest.replace(/^=/, "") } : { name });
}

function numberIfLike(value: unknown): unknown {
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}
