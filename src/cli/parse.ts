/**
 * From arguments to values, by the table.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type CommandSpec, HELP_OPTION, type OptionSpec } from "./table.ts";

/** Thrown for arguments that cannot be understood; exit status 2. */
export class UsageError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "UsageError";
}

/** The arguments of a subcommand. */
export class Arguments {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  /** What is no option. */
  readonly words: readonly string[];
  /** What stands behind `--`, or `undefined` if there is none. */
  readonly command: readonly string[] | undefined;

  /**
   * Holds arguments.
   *
   * @param values The values of each option that was given.
   * @param words What is no option.
   * @param command What stands behind `--`.
   */
  constructor(values: ReadonlyMap<string, readonly string[]>, words: readonly string[], command?: readonly string[]) {
    this.#values = values;
    this.words = words;
    this.command = command;
  }

  /** The same with a command. */
  withCommand(command: readonly string[] | undefined): Arguments {
    return new Arguments(this.#values, this.words, command);
  }

  /** The same without an option. */
  without(name: string): Arguments {
    return new Arguments(new Map([...this.#values].filter(([given]) => given !== name)), this.words, this.command);
  }

  /** Whether an option was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /**
   * All values of an option, read by a function.
   *
   * @param name The option.
   * @param read Turns one text into a value; what it throws becomes a usage error.
   * @returns The values, none if the option was not given.
   */
  all<T = string>(name: string, read: (text: string) => T = (text) => text as T): T[] {
    return (this.#values.get(name) ?? []).map((text) => {
      try {
        return read(text);
      } catch (error) {
        throw new UsageError(`--${name}: ${(error as Error).message}`);
      }
    });
  }

  /**
   * The value of an option, read by a function.
   *
   * @param name The option.
   * @param read Turns the text into a value; what it throws becomes a usage error.
   * @returns The value, or `undefined` if the option was not given.
   */
  get<T = string>(name: string, read: (text: string) => T = (text) => text as T): T | undefined {
    return this.all(name, read).at(-1);
  }
}

/** Stands for a value that was left out: no argument can hold it. */
const LEFT_OUT = "\0";

function valuesOf(option: OptionSpec, value: unknown): string[] {
  if (value === undefined || value === false) return [];
  if (!option.value) return [""];
  const values = (Array.isArray(value) ? value : [value]).map(String);
  if (option.optional) return values.map((text) => text === LEFT_OUT ? "" : text);
  if (values.includes("")) throw new UsageError(`--${option.name} needs a value: --${option.name} ${option.value}`);
  return values;
}

/** Whether an argument is an option that takes the next one for its value. */
function takesNext(arg: string, options: readonly OptionSpec[]): boolean {
  const option = arg.startsWith("--")
    ? options.find(({ name }) => arg === `--${name}`)
    : options.find(({ short }) => short === arg.at(-1) && !arg.includes("="));
  return Boolean(option?.value && !option.optional);
}

/** Where the command begins in arguments whose first word that is no option begins it. */
function commandStart(args: readonly string[], options: readonly OptionSpec[]): number {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === "--" || arg === "-" || !arg.startsWith("-")) return at;
    if (takesNext(arg, options) && args[at + 1] !== undefined && !args[at + 1].startsWith("-")) at++;
  }
  return args.length;
}

/** Writes options whose value was left out, `--net` or `-n`, in a way that takes none from behind. */
function withValuesLeftOut(args: readonly string[], options: readonly OptionSpec[]): string[] {
  const optional = options.filter((option) => option.optional);
  return args.flatMap((arg) => {
    const letters = /^-([A-Za-z]+)$/.exec(arg)?.[1] ?? "";
    const named = [...letters].map((letter) => options.find(({ short }) => short === letter));
    if (named.length > 0 && named.every((option) => option && (option.optional || !option.value))) {
      return named.map((option) => option!.optional ? `--${option!.name}=${LEFT_OUT}` : `--${option!.name}`);
    }
    return optional.some(({ name }) => arg === `--${name}`) ? [`${arg}=${LEFT_OUT}`] : [arg];
  });
}

/**
 * Reads the arguments of a subcommand.
 *
 * @param spec The subcommand.
 * @param args The arguments after its name.
 * @returns Their values.
 * @throws {UsageError} For what it does not understand.
 */
export function parseCommand(spec: CommandSpec, args: readonly string[]): Arguments {
  if (!spec.stopsAtCommand) return parseOptions(spec, args);
  const start = commandStart(args, spec.options);
  const parsed = parseOptions(spec, args.slice(0, start));
  const command = args.slice(args[start] === "--" ? start + 1 : start);
  if (command.length === 0 && start < args.length) throw new UsageError("there is no command behind --");
  return parsed.withCommand(command.length === 0 ? undefined : command);
}

function parseOptions(spec: CommandSpec, args: readonly string[]): Arguments {
  const options = [...spec.options, HELP_OPTION];
  const withValue = options.filter((option) => option.value);
  const parsed = parseArgs(withValuesLeftOut(args, options), {
    boolean: options.filter((option) => !option.value).map((option) => option.name),
    string: ["_", ...withValue.map((option) => option.name)],
    collect: withValue.map((option) => option.name),
    alias: Object.fromEntries(options.flatMap(({ name, short }) => short ? [[name, short]] : [])),
    "--": true,
    unknown(text: string, key?: string) {
      if (key !== undefined) throw new UsageError(`unknown option '${text}'`);
      return true;
    },
  }) as unknown as Record<string, unknown> & { _: unknown[]; "--": string[] };
  const values = new Map<string, string[]>();
  for (const option of options) {
    const found = valuesOf(option, parsed[option.name]);
    if (found.length > 1 && !option.multiple) throw new UsageError(`--${option.name} was given more than once`);
    if (found.length > 0) values.set(option.name, found);
  }
  const command = args.includes("--") ? parsed["--"] : undefined;
  if (command && !spec.takesCommand) throw new UsageError(`${spec.name} takes no command behind --`);
  if (command?.length === 0) throw new UsageError("there is no command behind --");
  return new Arguments(values, parsed._.map(String), command);
}
