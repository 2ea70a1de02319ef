/**
 * Everything that a user can type: the one table that arguments are parsed by,
 * and that help and shell completions are made from.
 *
 * @module
 */

import { BEAM } from "./beam_table.ts";
import { BROKER, BROKERCTL, ONE_SOCKET, PAIR } from "./broker_table.ts";
import { DOCTOR } from "./doctor_table.ts";
import { HOLD } from "./hold_table.ts";
import { LIMITS } from "./limits_table.ts";
import { LOCK } from "./lock_table.ts";
import { RECV, SEND } from "./packets_table.ts";
import { PROXY } from "./proxy_table.ts";
import { SOCKETS } from "./sockets_table.ts";
import { NSEXEC, SPAWN } from "./spawn_table.ts";

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

const COMPLETIONS: CommandSpec = {
  name: "completions",
  summary: "print a completion script for a shell",
  usage: ["completions bash|zsh|fish"],
  details: `Examples:
  source <(ipcx completions bash)
  ipcx completions fish > ~/.config/fish/completions/ipcx.fish`,
  options: [],
  words: ["bash", "zsh", "fish"],
};

/** The subcommands, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  SPAWN,
  NSEXEC,
  BROKER,
  ONE_SOCKET,
  BROKERCTL,
  PAIR,
  BEAM,
  SEND,
  RECV,
  LOCK,
  HOLD,
  LIMITS,
  DOCTOR,
  SOCKETS,
  PROXY,
  COMPLETIONS,
];

/** The commands that are programs of their own, when ipcx is called by their names. */
export const PROGRAMS: readonly CommandSpec[] = [NSEXEC, ONE_SOCKET];

/** The option that every subcommand understands. */
export const HELP_OPTION: OptionSpec = { name: "help", short: "h", help: "show this help" };

/**
 * Finds a subcommand.
 *
 * @param name Its name.
 * @returns Its entry, or `undefined`.
 */
export function findCommand(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}

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
