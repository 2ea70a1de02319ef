/**
 * The completion script for bash.
 *
 * @module
 */

import { commandOption, type CommandSpec, optionsOf, type OptionSpec, spellings } from "./command_spec.ts";
import { COMMANDS, PROGRAMS } from "./table.ts";
import { type ValueKind, valueKind } from "./value_kind.ts";

const ACTIONS: Readonly<Record<ValueKind, string>> = {
  file: "_ipcx_files",
  user: 'COMPREPLY=($(compgen -u -- "$current"))',
  group: 'COMPREPLY=($(compgen -g -- "$current"))',
  none: "",
};

function spelled(options: readonly OptionSpec[]): string {
  return options.flatMap(spellings).join(" ");
}

/** What the function has to know of a subcommand. */
function facts(command: CommandSpec): string {
  const options = optionsOf(command);
  const valued = options.filter(({ value, optional, beginsCommand }) => value && !optional && !beginsCommand);
  const beginning = commandOption(command);
  const end = command.stopsAtCommand ? "word" : command.takesCommand ? "--" : beginning ? `--${beginning.name}` : "";
  return `    ${command.name})
      options="${spelled(options)}" valued=" ${spelled(valued)} "
      words="${(command.words ?? []).join(" ")}" end="${end}" files="${command.filesFollow ? "yes" : ""}"
      ;;`;
}

function values(command: CommandSpec): string[] {
  return command.options.filter(({ value }) => value).map((option) => {
    const patterns = spellings(option).map((spelling) => `"${command.name} ${spelling}"`).join("|");
    const action = option.choices
      ? `COMPREPLY=($(compgen -W "${option.choices.join(" ")}" -- "$current"))`
      : ACTIONS[valueKind(option)];
    return `    ${patterns}) ${action};;`;
  });
}

/**
 * Writes the script.
 *
 * @returns The script.
 */
export function bash(): string {
  const programs = PROGRAMS.map(({ name }) => name);
  return `_ipcx_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

_ipcx_value() {
  case "$1 $2" in
${COMMANDS.flatMap(values).join("\n")}
  esac
}

# What CMD takes is known to its own completion.
_ipcx_command() {
  if (($1 < $2)); then
    if declare -F _command_offset >/dev/null; then _command_offset $3; else _ipcx_files; fi
  elif [[ $current == */* ]]; then
    _ipcx_files
  else
    COMPREPLY=($(compgen -c -- "$current"))
  fi
}

_ipcx() {
  # bash takes words apart at = and :, which are part of ours.
  local line=$COMP_LINE piece offset=0
  local -a given=() offsets=()
  for piece in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ \${#given[@]} == 0 || $line == [[:space:]]* ]]; then
      given+=("$piece")
      offsets+=($offset)
      line=\${line#"\${line%%[![:space:]]*}"}
    else
      given[\${#given[@]}-1]+=$piece
    fi
    line=\${line#"$piece"}
    ((++offset))
  done
  # By one of these names it is a subcommand of its own.
  case "\${given[0]##*/}" in
    ${programs.join("|")})
      given=(ipcx "\${given[0]##*/}" "\${given[@]:1}")
      offsets=(0 0 "\${offsets[@]:1}")
      ;;
  esac
  local last=$((\${#given[@]} - 1)) at
  local current=\${given[last]} name=\${given[1]} options= valued= words= end= files= seen=
  COMPREPLY=()
  if ((last == 1)); then
    COMPREPLY=($(compgen -W "${COMMANDS.map(({ name }) => name).join(" ")} --help --version" -- "$current"))
    return
  fi
  case "$name" in
${COMMANDS.map(facts).join("\n")}
  esac
  for ((at = 2; at < last; at++)); do
    piece=\${given[at]}
    if [[ $piece == -- || $piece == "$end" ]]; then
      [[ $piece == "$end" || $end == word ]] && _ipcx_command $((at + 1)) $last \${offsets[at+1]}
      return
    elif [[ $piece == --* ]]; then
      [[ $valued == *" $piece "* ]] && ((++at))
    elif [[ $piece == -?* ]]; then
      [[ $valued == *" -\${piece: -1} "* && $piece != *=* ]] && ((++at))
    elif [[ $end == word ]]; then
      _ipcx_command $at $last \${offsets[at]}
      return
    else
      seen=yes
    fi
  done
  if ((at > last)); then
    [[ $piece == --* ]] || piece=-\${piece: -1}
    _ipcx_value "$name" "$piece"
  elif [[ $current == --*=* ]]; then
    piece=\${current%%=*} current=\${current#*=}
    _ipcx_value "$name" "$piece"
  elif [[ $current != -* && $files && (! $words || $seen) ]]; then
    _ipcx_files
  elif [[ $current == -* || $end != word ]]; then
    COMPREPLY=($(compgen -W "$options $words" -- "$current"))
  else
    _ipcx_command $last $last \${offsets[last]}
  fi
}
complete -F _ipcx ipcx ${programs.join(" ")}
`;
}
