/**
 * How a subcommand and its options are described, and what is common to all.
 *
 * @module
 */

/** An option of a subcommand. */
export interface OptionSpec {
  /** Its long name, without dashes. */
  name: string;
  /** Its one-letter name, without the dash. */
  short?: string;
  /** What its value is, in capitals; an option without one is a switch. */
  value?: string;
  /** Whether the value may be left out; it then has to be attached: `--name=VALUE`. */
  optional?: boolean;
  /** The values it can have, for completion. */
  choices?: readonly string[];
  /** Whether it may be given several times. */
  multiple?: boolean;
  /** Whether its value may be the empty text. */
  mayBeEmpty?: boolean;
  /** Whether all that is behind it is a command. */
  beginsCommand?: boolean;
  /** What it does. */
  help: string;
}

/** A subcommand. */
export interface CommandSpec {
  /** Its name. */
  name: string;
  /** What it does, in half a line. */
  summary: string;
  /** How it is written, without `ipcx`. */
  usage: readonly string[];
  /** What is to be said beyond the options. */
  details?: string;
  /** Its options; `--help` is understood everywhere. */
  options: readonly OptionSpec[];
  /** The words it can take, for completion. */
  words?: readonly string[];
  /** Whether files follow the first of them, such as sockets. */
  filesFollow?: boolean;
  /** Whether `-- CMD ARG…` may follow. */
  takesCommand?: boolean;
  /** Whether the first word that is no option begins the command, with or without `--`. */
  stopsAtCommand?: boolean;
}

/** The commands that are programs of their own, when ipcx is called by their names. */
export const PROGRAM_NAMES: readonly string[] = ["nsexec", "one-socket"];

/** The option that every subcommand understands. */
export const HELP_OPTION: OptionSpec = { name: "help", short: "h", help: "show this help" };

/**
 * All options of a subcommand.
 *
 * @param command The subcommand.
 * @returns Its own, and those that all understand.
 */
export function optionsOf(command: CommandSpec): OptionSpec[] {
  return [...command.options, HELP_OPTION];
}

/**
 * The option of a subcommand behind which all is a command.
 *
 * @param command The subcommand.
 * @returns The option, or `undefined`.
 */
export function commandOption(command: CommandSpec): OptionSpec | undefined {
  return command.options.find(({ beginsCommand }) => beginsCommand);
}

/**
 * The ways to write an option.
 *
 * @param option The option.
 * @returns With two dashes; with one and its letter, if it has one.
 */
export function spellings(option: OptionSpec): string[] {
  return [`--${option.name}`, ...(option.short ? [`-${option.short}`] : [])];
}
