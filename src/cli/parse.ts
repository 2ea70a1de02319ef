/**
 * From arguments to values, by the table.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { LEFT_OUT, spellOut } from "./spell_out.ts";
import { commandOption, type CommandSpec, optionsOf, type OptionSpec } from "./command_spec.ts";

/** A word that is none of those there are, for who looks what was meant. */
export interface UnknownWord {
  /** The word. */
  written: string;
  /** Those there are. */
  known: readonly string[];
  /** What is said behind the complaint if none of them comes near. */
  otherwise?: string;
}

/** Thrown for arguments that cannot be understood; exit status 2. */
export class UsageError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "UsageError";
  /** What is wrong, without advice. */
  readonly complaint: string;
  /** The word that is wrong, if it could only have been one of some. */
  readonly unknown: UnknownWord | undefined;

  /**
   * Complains.
   *
   * @param complaint What is wrong.
   * @param unknown The word that is wrong, if it could only have been one of some.
   */
  constructor(complaint: string, unknown?: UnknownWord) {
    super(complaint + (unknown?.otherwise ?? ""));
    this.complaint = complaint;
    this.unknown = unknown;
  }
}

/** The arguments of a subcommand. */
export class Arguments {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  /** What is no option. */
  readonly words: readonly string[];
  /** What stands behind `--` or the option that begins a command, or `undefined` if there is none. */
  readonly command: readonly string[] | undefined;

  /**
   * Holds arguments.
   *
   * @param values The values of each option that was given.
   * @param words What is no option.
   * @param command The command.
   */
  constructor(values: ReadonlyMap<string, readonly string[]>, words: readonly string[], command?: readonly string[]) {
    this.#values = values;
    this.words = words;
    this.command = command;
  }

  /** The same with a command. */
  withCommand(command: readonly string[]): Arguments {
    return new Arguments(this.#values, this.words, command);
  }

  /** The same with a switch. */
  with(name: string): Arguments {
    return new Arguments(new Map([...this.#values, [name, [""]]]), this.words, this.command);
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
        const unknown = error instanceof UsageError ? error.unknown : undefined;
        throw new UsageError(`--${name}: ${(error as Error).message}`, unknown);
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

function valuesOf(option: OptionSpec, value: unknown): string[] {
  if (value === undefined || value === false) return [];
  if (!option.value) return [""];
  const values = (Array.isArray(value) ? value : [value]).map(String);
  if (option.optional) return values.map((text) => text === LEFT_OUT ? "" : text);
  if (values.includes(LEFT_OUT) || (!option.mayBeEmpty && values.includes(""))) {
    throw new UsageError(`--${option.name} needs a value: --${option.name} ${option.value}`);
  }
  return values;
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
  const options = optionsOf(spec);
  const beginning = commandOption(spec);
  const { args: spelled, rest } = spellOut(args, options, Boolean(spec.stopsAtCommand));
  const parsed = parseOptions(spelled, options);
  if (rest.length === 0) return parsed;
  if (beginning && rest[0] === `--${beginning.name}`) {
    if (rest.length === 1) {
      throw new UsageError(`--${beginning.name} needs a command: --${beginning.name} ${beginning.value}`);
    }
    return parsed.with(beginning.name).withCommand(rest.slice(1));
  }
  if (!spec.takesCommand) {
    const instead = beginning ? `; write --${beginning.name} ${beginning.value}` : "";
    throw new UsageError(`${spec.name} takes no command behind --${instead}`);
  }
  const command = rest[0] === "--" ? rest.slice(1) : rest;
  if (command.length === 0) throw new UsageError("there is no command behind --");
  return parsed.withCommand(command);
}

function parseOptions(args: readonly string[], options: readonly OptionSpec[]): Arguments {
  const withValue = options.filter((option) => option.value);
  const parsed = parseArgs([...args], {
    boolean: options.filter((option) => !option.value).map((option) => option.name),
    string: ["_", ...withValue.map((option) => option.name)],
    collect: withValue.map((option) => option.name),
    unknown(text: string, key?: string) {
      if (key === undefined) return true;
      const known = options.map(({ name }) => `--${name}`);
      throw new UsageError(`unknown option '${text}'`, { written: text.replace(/=.*$/s, ""), known });
    },
  }) as unknown as Record<string, unknown> & { _: unknown[] };
  const values = new Map<string, string[]>();
  for (const option of options) {
    const found = valuesOf(option, parsed[option.name]);
    if (option.beginsCommand && found.length > 0) {
      throw new UsageError(`--${option.name} has nothing attached: --${option.name} ${option.value}`);
    }
    if (found.length > 1 && !option.multiple) throw new UsageError(`--${option.name} was given more than once`);
    if (found.length > 0) values.set(option.name, found);
  }
  return new Arguments(values, parsed._.map(String));
}
