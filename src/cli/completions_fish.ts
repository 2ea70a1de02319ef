/**
 * The completion script for fish.
 *
 * @module
 */

import { commandOption, type CommandSpec, optionsOf, type OptionSpec, spellings } from "./command_spec.ts";
import { COMMANDS, PROGRAMS } from "./table.ts";
import { type ValueKind, valueKind } from "./value_kind.ts";

const ACTIONS: Readonly<Record<ValueKind, string>> = {
  file: "-r -F",
  user: "-x -a '(__fish_complete_users)'",
  group: "-x -a '(__fish_complete_groups)'",
  none: "-x",
};

function quote(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}

/** What is completed behind an option. */
function value(option: OptionSpec): string {
  const { value, optional, choices, beginsCommand } = option;
  if (value === undefined || beginsCommand) return "";
  if (choices) return ` ${optional ? "-f" : "-x"} -a '${choices.join(" ")}'`;
  const kind = valueKind(option);
  if (optional) return kind === "file" ? " -f -a '(__ipcx_files)'" : " -f";
  return ` ${ACTIONS[kind]}`;
}

function wordLines({ name, words, filesFollow }: CommandSpec, condition: string): string[] {
  if (!words) return filesFollow ? [] : [`complete -c ipcx -f ${condition}`];
  if (!filesFollow) return [`complete -c ipcx -f ${condition} -a '${words.join(" ")}'`];
  const seen = `__fish_seen_subcommand_from ${words.join(" ")}`;
  return [
    `complete -c ipcx -f -n '__ipcx_in ${name}; and not ${seen}' -a '${words.join(" ")}'`,
    `complete -c ipcx -F -n '__ipcx_in ${name}; and ${seen}'`,
  ];
}

function optionLines(command: CommandSpec, program: string): string[] {
  return optionsOf(command).map((option) => {
    const short = option.short ? ` -s ${option.short}` : "";
    const head = `complete -c ${program} -n '__ipcx_in ${command.name}'`;
    return `${head} -l ${option.name}${short}${value(option)} -d '${quote(option.help)}'`;
  });
}

function lines(command: CommandSpec): string[] {
  return [
    `complete -c ipcx -f -n __fish_use_subcommand -a ${command.name} -d '${quote(command.summary)}'`,
    ...optionLines(command, "ipcx"),
    ...wordLines(command, `-n '__ipcx_in ${command.name}'`),
  ];
}

/** A subcommand that is also a program of its own. */
function programLines(command: CommandSpec): string[] {
  const whatFollows = command.takesCommand
    ? `complete -c ${command.name} -f -n 'test -n "$(__ipcx_command)"' -a '(__ipcx_complete_command)'`
    : `complete -c ${command.name} -f`;
  return [whatFollows, ...optionLines(command, command.name)];
}

/** The options of a subcommand that take the next word for their value, for a switch over the words. */
function valued(command: CommandSpec): string {
  const options = command.options.filter(({ value, optional, beginsCommand }) => value && !optional && !beginsCommand);
  const beginning = commandOption(command);
  return `        case ${command.name}
            set valued ${options.flatMap(spellings).join(" ")}${
    beginning ? `\n            set beginning --${beginning.name}` : ""
  }`;
}

function namesOf(commands: readonly CommandSpec[]): string {
  return commands.map(({ name }) => name).join(" ");
}

/**
 * Writes the script.
 *
 * @returns The script.
 */
export function fish(): string {
  const stopping = COMMANDS.filter(({ stopsAtCommand }) => stopsAtCommand);
  const taking = COMMANDS.filter((command) => command.takesCommand || commandOption(command));
  return `# The words without the name of the program, unless that is a subcommand.
function __ipcx_words
    set -l words (commandline -opc)
    set words[1] (string replace -r '.*/' '' -- $words[1])
    contains -- $words[1] ${namesOf(PROGRAMS)}; or set -e words[1]
    set -q words[1]; and printf '%s\\n' $words
end

# The words of CMD before the one that is completed, behind a line that says that
# it has begun; nothing if that is still an option, or the value of one.
function __ipcx_command
    set -l words (__ipcx_words)
    set -l name $words[1]
    set -e words[1]
    contains -- "$name" ${namesOf(taking)}; or return
    set -l valued
    set -l beginning --
    switch $name
${COMMANDS.map(valued).join("\n")}
    end
    while set -q words[1]
        set -l word $words[1]
        if test "$word" = $beginning
            printf '%s\\n' begun $words[2..]
            return
        else if not string match -q -- '-?*' $word
            if contains -- $name ${namesOf(stopping)}
                printf '%s\\n' begun $words
                return
            end
        else if contains -- $word $valued
            set -e words[1]
            set -q words[1]; or return
        else if string match -qr -- '^-[^-=]' $word; and contains -- -(string sub -s -1 -- $word) $valued
            set -e words[1]
            set -q words[1]; or return
        end
        set -e words[1]
    end
    contains -- $name ${namesOf(stopping)}; or return
    string match -q -- '-*' (commandline -ct); or echo begun
end

# Whether options of a subcommand may stand here.
function __ipcx_in
    set -l words (__ipcx_words)
    test "$words[1]" = $argv[1]; and test -z "$(__ipcx_command)"
end

function __ipcx_complete_command
    set -l words (__ipcx_command)
    set -e words[1]
    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end

function __ipcx_files
    __fish_complete_path (string replace -r -- '^--?[^=]*=' '' (commandline -ct))
end

complete -c ipcx -f -n 'test -n "$(__ipcx_command)"' -a '(__ipcx_complete_command)'
${COMMANDS.flatMap(lines).join("\n")}
${PROGRAMS.flatMap(programLines).join("\n")}
`;
}
