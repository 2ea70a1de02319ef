/**
 * The completion script for zsh.
 *
 * @module
 */

import { type CommandSpec, optionsOf, type OptionSpec, spellings } from "./command_spec.ts";
import { COMMANDS, PROGRAMS } from "./table.ts";
import { type ValueKind, valueKind } from "./value_kind.ts";

const ACTIONS: Readonly<Record<ValueKind, string>> = { file: "_files", user: "_users", group: "_groups", none: " " };

function quote(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:");
}

/** How a value follows: in the next word or attached, which is the only way for one that may be left out. */
function separator(spelling: string, { value, optional }: OptionSpec): string {
  if (value === undefined) return "";
  const isLong = spelling.startsWith("--");
  return optional ? (isLong ? "=-" : "-") : isLong ? "=" : "+";
}

function spec(option: OptionSpec, spelling: string): string {
  const { value, optional, choices, multiple, help, beginsCommand } = option;
  if (beginsCommand) return `'${spelling}[${quote(help)}]:*::${quote(value!)}: _normal'`;
  const action = choices ? `(${choices.join(" ")})` : ACTIONS[valueKind(option)];
  const argument = value ? `${optional ? "::" : ":"}${quote(value)}:${action}` : "";
  return `'${multiple ? "*" : ""}${spelling}${separator(spelling, option)}[${quote(help)}]${argument}'`;
}

/** What is no option. The space before an action keeps away what its function would not understand. */
function rest({ words, filesFollow, takesCommand, stopsAtCommand }: CommandSpec): string[] {
  if (stopsAtCommand) return ["'(-):command: _command_names -e'", "'*::argument: _normal'"];
  if (takesCommand) return [`':word:${words ? `(${words.join(" ")})` : ""}'`, "'*::command: _ipcx_command'"];
  if (words && filesFollow) return [`'1:word:(${words.join(" ")})'`, "'*:file:_files'"];
  if (words) return [`'*:word:(${words.join(" ")})'`];
  return filesFollow ? ["'*:file:_files'"] : [];
}

function branch(command: CommandSpec): string {
  const specs = optionsOf(command).flatMap((option) => spellings(option).map((spelling) => spec(option, spelling)));
  // Behind the first word that is no option nothing is one of ours.
  const how = command.stopsAtCommand ? "-s -S -A '-*'" : "-s -S";
  const lines = [...specs, ...rest(command)].map((line) => `      ${line}`).join(" \\\n");
  return `    ${command.name})\n      _arguments ${how} \\\n${lines}\n      ;;`;
}

/**
 * Writes the script.
 *
 * @returns The script.
 */
export function zsh(): string {
  const names = COMMANDS.map((command) => `'${command.name}:${quote(command.summary)}'`).join(" ");
  const programs = PROGRAMS.map((program) => program.name).join(" ");
  return `#compdef ipcx ${programs}
_ipcx_command() {
  local behind=\${words[(i)--]}
  if ((behind < CURRENT)); then
    shift $behind words
    ((CURRENT -= behind))
  fi
  _normal
}

_ipcx() {
  local -a subcommands=(${names}) programs=(${programs})
  local name=\${service:t}
  if ((! $programs[(Ie)$name])); then
    if ((CURRENT == 2)); then
      _describe command subcommands
      return
    fi
    name=$words[2]
    shift words
    ((CURRENT--))
  fi
  case "$name" in
${COMMANDS.map(branch).join("\n")}
  esac
}
if [[ $funcstack[1] == _ipcx ]]; then _ipcx "$@"; else compdef _ipcx ipcx ${programs}; fi
`;
}
