/**
 * `ipcx completions`: completion scripts for shells, made from the table.
 *
 * @module
 */

import { type Arguments, UsageError } from "./parse.ts";
import { COMMANDS, type CommandSpec, HELP_OPTION, type OptionSpec } from "./table.ts";

const NAMES = COMMANDS.map((command) => command.name).join(" ");

function optionsOf(command: CommandSpec): OptionSpec[] {
  return [...command.options, HELP_OPTION];
}

function spellings(option: OptionSpec): string[] {
  return [`--${option.name}`, ...(option.short ? [`-${option.short}`] : [])];
}

function bash(): string {
  const cases = COMMANDS.map((command) => {
    const words = [...optionsOf(command).flatMap(spellings), ...(command.words ?? [])].join(" ");
    const values = command.options.filter((option) => option.choices).map((option) =>
      `      ${spellings(option).join("|")}) COMPREPLY=($(compgen -W "${
        option.choices!.join(" ")
      }" -- "$current")); return;;`
    );
    const files = command.options.filter((option) => option.value && !option.choices).flatMap(spellings).join("|");
    return [
      `    ${command.name})`,
      `      case "$previous" in`,
      ...values,
      ...(files ? [`      ${files}) COMPREPLY=($(compgen -f -- "$current")); return;;`] : []),
      "      esac",
      `      COMPREPLY=($(compgen -W "${words}" -- "$current"))`,
      ...(command.takesCommand
        ? [`      [[ $COMP_LINE == *" -- "* ]] && COMPREPLY=($(compgen -c -f -- "$current"))`]
        : []),
      "      ;;",
    ].join("\n");
  });
  return `_ipcx() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${NAMES} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
}
complete -F _ipcx ipcx
`;
}

function zsh(): string {
  const quote = (text: string): string =>
    text.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:");
  const cases = COMMANDS.map((command) => {
    const lines = optionsOf(command).flatMap((option) =>
      spellings(option).map((spelling) => {
        const action = option.choices ? `(${option.choices.join(" ")})` : "_files";
        const value = option.value ? `:${option.value}:${action}` : "";
        return `      '${option.multiple ? "*" : ""}${spelling}[${quote(option.help)}]${value}'`;
      })
    );
    const rest = command.words ? `'*:word:(${command.words.join(" ")})'` : "'*::command:_normal'";
    return `    ${command.name})\n      _arguments \\\n${lines.join(" \\\n")} \\\n      ${rest}\n      ;;`;
  });
  const names = COMMANDS.map((command) => `'${command.name}:${quote(command.summary)}'`).join(" ");
  return `#compdef ipcx
_ipcx() {
  local -a commands=(${names})
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  ((CURRENT--))
  case "$name" in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _ipcx ]]; then _ipcx "$@"; else compdef _ipcx ipcx; fi
`;
}

function fish(): string {
  const quote = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const lines = COMMANDS.flatMap((command) => [
    `complete -c ipcx -f -n __fish_use_subcommand -a ${command.name} -d '${quote(command.summary)}'`,
    ...optionsOf(command).map((option) => {
      const value = option.choices ? ` -x -a '${option.choices.join(" ")}'` : option.value ? " -r -F" : "";
      const short = option.short ? ` -s ${option.short}` : "";
      return `complete -c ipcx -n '__fish_seen_subcommand_from ${command.name}' -l ${option.name}${short}${value} -d '${
        quote(option.help)
      }'`;
    }),
    ...(command.words
      ? [`complete -c ipcx -f -n '__fish_seen_subcommand_from ${command.name}' -a '${command.words.join(" ")}'`]
      : []),
  ]);
  return `${lines.join("\n")}\n`;
}

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

/**
 * Runs `ipcx completions`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export function run(args: Arguments): number {
  const [shell, ...rest] = args.words;
  if (!Object.hasOwn(SHELLS, shell) || rest.length > 0) {
    throw new UsageError("completions takes one word: bash, zsh or fish");
  }
  Deno.stdout.writeSync(new TextEncoder().encode(SHELLS[shell]()));
  return 0;
}
