/**
 * Help texts, made from the table.
 *
 * @module
 */

import { type CommandSpec, optionsOf, type OptionSpec } from "./command_spec.ts";
import { COMMANDS } from "./table.ts";

const WIDTH = 80;

function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** How an option's value is written behind it. */
export function valueOf({ value, optional }: OptionSpec): string {
  return value === undefined ? "" : optional ? `[=${value}]` : ` ${value}`;
}

function head(option: OptionSpec): string {
  const short = option.short ? `-${option.short}, ` : "    ";
  return `  ${short}--${option.name}${valueOf(option)}`;
}

/**
 * Writes the help of a subcommand.
 *
 * @param spec The subcommand.
 * @returns The text.
 */
export function commandHelp(spec: CommandSpec): string {
  const options = optionsOf(spec);
  const indent = Math.max(...options.map((option) => head(option).length)) + 2;
  return [
    ...spec.usage.map((usage, at) => `${at === 0 ? "Usage:" : "      "} ipcx ${usage}`),
    "",
    `${spec.summary[0].toUpperCase()}${spec.summary.slice(1)}.`,
    ...(spec.details ? ["", spec.details] : []),
    "",
    "Options:",
    ...options.map((option) => head(option).padEnd(indent) + wrap(option.help, indent)),
    "",
  ].join("\n");
}

/**
 * Writes the help of the program.
 *
 * @returns The text.
 */
export function programHelp(): string {
  const indent = Math.max(...COMMANDS.map((command) => command.name.length)) + 4;
  return [
    "Usage: ipcx COMMAND [options]",
    "",
    "What two processes on a host can say to each other: Unix sockets in full.",
    "",
    "Commands:",
    ...COMMANDS.map((command) => `  ${command.name}`.padEnd(indent) + wrap(command.summary, indent)),
    "",
    "'ipcx COMMAND --help' tells more about a command, 'ipcx --version' the version.",
    "",
  ].join("\n");
}
