/**
 * Names declared by an option which takes one name or a list of them.
 *
 * @internal
 */
type Names<T> = T | ReadonlyArray<Extract<T, string>>;

/**
 * The alias table: a name, and the other names it goes by.
 *
 * @internal
 */
type Aliases = Readonly<Record<string, string | readonly string[]>>;

/** Nothing was declared: values are whatever the arguments look like. */
type Undeclared<B, S, C> = [Exclude<B, boolean> | S | C] extends [undefined] ? true
  : false;

type Named<T> = Extract<T, string>;

type Declared<B, S, C, N> =
  & {
    [K in Exclude<Named<S>, Named<C>>]?: K extends N ? string | false : string;
  }
  & { [K in Exclude<Named<B>, Named<C>>]: boolean }
  & { [K in Named<S> & Named<C>]: string[] }
  & { [K in Named<B> & Named<C>]: boolean[] }
  & { [K in Exclude<Named<C>, Named<S> | Named<B>>]: unknown[] };

type WithDefaults<T, D> = D extends Record<string, unknown> ?
    & Omit<T, keyof D>
    & {
      [K in keyof D]: K extends keyof T ? D[K] | NonNullable<T[K]> : unknown;
    }
  : T;

type AliasesOf<K, A> = K extends keyof A ? A[K] extends readonly (infer Name extends string)[] ? K | Name
  : A[K] extends string ? K | A[K]
  : K
  : K;

type WithAliases<T, A> = {
  [K in keyof T as AliasesOf<K, A> & PropertyKey]: T[K];
};

/**
 * The values found, by name, and the positional arguments in `_`.
 *
 * @example
 * ```ts
 * import { type Args, parseArgs } from "@std/cli/parse-args";
 *
 * const args: Args = parseArgs(["--port=80", "run"]);
 * console.log(args.port, args._);
 * ```
 */
export type Args<
  // deno-lint-ignore no-explicit-any
  TArgs extends Record<string, unknown> = Record<string, any>,
  TDoubleDash extends boolean | undefined = undefined,
> =
  & TArgs
  & { _: Array<string | number> }
  & (true extends TDoubleDash ? { "--": string[] } : unknown);

/**
 * What the declared options make of the result's type.
 *
 * @internal
 *
 * @example
 * ```ts
 * import type { Values } from "./types.ts";
 *
 * const values: Values<"quiet", "net", undefined, undefined, undefined, undefined> =
 *   { quiet: false, net: "/proc/1/ns/net" };
 * console.log(values.net);
 * ```
 */
export type Values<B, S, C, N, D, A> = Undeclared<B, S, C> extends true
  // deno-lint-ignore no-explicit-any
  ? Record<string, any>
  :
    & Record<string, unknown>
    & WithAliases<WithDefaults<Declared<B, S, C, N>, D>, A>;

/**
 * Options of `parseArgs`.
 *
 * @example
 * ```ts
 * import { parseArgs, type ParseOptions } from "@std/cli/parse-args";
 *
 * const options: ParseOptions = { stopEarly: true };
 * console.log(parseArgs(["spawn", "ls", "-l"], options)._);
 * ```
 */
export interface ParseOptions<
  TBooleans extends boolean | string | undefined = boolean | string | undefined,
  TStrings extends string | undefined = string | undefined,
  TCollectable extends string | undefined = string | undefined,
  TNegatable extends string | undefined = string | undefined,
  TDefault extends Record<string, unknown> | undefined =
    | Record<string, unknown>
    | undefined,
  TAliases extends Aliases | undefined = Aliases | undefined,
  TDoubleDash extends boolean | undefined = boolean | undefined,
> {
  /** Put what follows `--` into the result's `--`, not into `_`. */
  "--"?: TDoubleDash;
  /** Further names of an option: all of them get its value. */
  alias?: TAliases;
  /** Options without a value; `true`: every `--name` without `=` is one. */
  boolean?: Names<TBooleans>;
  /** Values of options that are not given. */
  default?: TDefault;
  /** Leave everything after the first positional argument unparsed. */
  stopEarly?: boolean;
  /** Options whose value stays a string even if it looks like a number. */
  string?: Names<TStrings>;
  /** Options that may be repeated: their values become an array. */
  collect?: Names<TCollectable>;
  /** Options that `--no-name` sets to `false`. */
  negatable?: Names<TNegatable>;
  /** Asked about each argument not declared; `false` drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
