import type { ParseOptions } from "./types.ts";

/**
 * What the caller declared about one option, under any of its names.
 *
 * @example
 * ```ts
 * import type { Declaration } from "./declarations.ts";
 *
 * const flag: Declaration = { ...({} as Declaration), boolean: true };
 * console.log(flag.boolean);
 * ```
 */
export interface Declaration {
  /** Every name of the option, itself included. */
  readonly names: readonly string[];
  /** The option takes no value. */
  readonly boolean: boolean;
  /** One of its names takes no value. */
  readonly booleanByAnyName: boolean;
  /** The value is never turned into a number. */
  readonly string: boolean;
  /** The values of all occurrences are kept. */
  readonly collect: boolean;
  /** `--no-name` sets it to `false`. */
  readonly negatable: boolean;
  /** The caller expects this name. */
  readonly known: boolean;
}

/**
 * Reads the options into a look-up of declarations by name.
 *
 * @param options The caller's options.
 * @returns The declared names, and a look-up that answers for any name.
 * @throws {TypeError} If an alias has no value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { declare } from "./declarations.ts";
 *
 * const { lookUp } = declare({ boolean: "quiet", alias: { quiet: "q" } });
 * assertEquals(lookUp("q").boolean, true);
 * ```
 */
export function declare(options: ParseOptions): {
  booleans: ReadonlySet<string>;
  strings: ReadonlySet<string>;
  lookUp(name: string): Declaration;
} {
  const names = aliasNames(options.alias ?? {});
  const withAliases = (declared: unknown) => new Set(list(declared).flatMap((name) => names.get(name) ?? [name]));

  const booleans = withAliases(options.boolean);
  const strings = withAliases(options.string);
  const collected = withAliases(options.collect);
  const negatable = withAliases(options.negatable);

  return {
    booleans,
    strings,
    lookUp(name) {
      const all = names.get(name) ?? [name];
      return {
        names: all,
        boolean: booleans.has(name),
        booleanByAnyName: all.some((it) => booleans.has(it)),
        string: strings.has(name),
        collect: collected.has(name),
        negatable: negatable.has(name),
        known: booleans.has(name) || strings.has(name) || collected.has(name) ||
          names.has(name),
      };
    },
  };
}

function aliasNames(
  alias: NonNullable<ParseOptions["alias"]>,
): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [name, others] of Object.entries(alias)) {
    if (others === undefined) {
      throw new TypeError("Alias value must be defined");
    }
    const all = [name, ...list(others)];
    for (const it of all) names.set(it, all);
  }
  return names;
}

function list(names: unknown): string[] {
  if (typeof names === "string") return names === "" ? [] : [names];
  return Array.isArray(names) ? names.filter(Boolean) : [];
}
