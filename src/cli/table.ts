/**
 * Everything that a user can type: the one table that arguments are parsed by,
 * and that help and shell completions are made from.
 *
 * @module
 */

import { BEAM } from "./beam_table.ts";
import { HOLD } from "./hold_table.ts";
import { LIMITS } from "./limits_table.ts";
import { LOCK } from "./lock_table.ts";
import { LOGGING } from "./logging_table.ts";
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

const BROKER: CommandSpec = {
  name: "broker",
  summary: "pair processes that name the same key: a SocketPair broker",
  usage: ["broker [options]"],
  details: `A client connects, names a key, and is given one end of a private socket whose
other end goes to whoever names the same key. Existing libspbroker clients work
unchanged. Sockets passed by systemd (LISTEN_FDS) are served as well; one named
"control" becomes the control socket. SIGTERM and SIGINT stop in order, SIGHUP
reads the access file again and reopens the log file.

Durations are seconds, or a number with ms, s, m or h. 0 stands for no limit.
Access rules are tried in order, the first that fits decides:
  allow|deny [uid=ID|NAME] [gid=ID|NAME] [key=PATTERN] [socket=ADDR]
Where none fits, a client is let in unless there is any allow rule.`,
  options: [
    {
      name: "socket",
      short: "s",
      value: "ADDR",
      multiple: true,
      help:
        "listen at /path, ./path, @name or fd:N; may be repeated [ONE_SOCKET_PATH, /run/one.socket, or $XDG_RUNTIME_DIR/one.socket]",
    },
    { name: "mode", value: "OCTAL", help: "permissions of the socket files [0600]" },
    { name: "owner", value: "USER", help: "owner of the socket files, a name or a number" },
    { name: "group", value: "GROUP", help: "group of the socket files, a name or a number" },
    {
      name: "control",
      short: "c",
      value: "ADDR",
      help: "control socket, or none [ONE_SOCKET_CTL_PATH, or beside the first socket, with .ctl]",
    },
    { name: "max-clients", value: "N", help: "connections at once [what RLIMIT_NOFILE allows]" },
    { name: "max-clients-per-uid", value: "N", help: "connections at once of one user [nine tenths of the above]" },
    { name: "max-waiting-per-key", value: "N", help: "clients that wait for one key in one mode [1024]" },
    { name: "request-timeout", value: "TIME", help: "time to send the request [5s]" },
    { name: "pair-timeout", value: "TIME", help: "time to wait for a peer [0]" },
    { name: "connections-per-second", value: "N", help: "connections accepted from one user in a second [0]" },
    { name: "access", value: "RULE", multiple: true, help: "an access rule; may be repeated" },
    { name: "access-file", value: "FILE", help: "access rules, one a line, after those of --access" },
    { name: "pidfile", value: "FILE", help: "write the process id to FILE" },
    { name: "daemonize", help: "go to the background once it serves" },
    ...LOGGING,
  ],
};

const BROKERCTL: CommandSpec = {
  name: "brokerctl",
  summary: "look at and steer a running broker",
  usage: [
    "brokerctl [options] status|clients|drain|shutdown|metrics",
    "brokerctl [options] kick ID",
    "brokerctl [options] log-level [LEVEL]",
  ],
  details: `  status     what the broker is doing
  clients    who is connected, and how long
  kick       disconnects the client with this number
  drain      takes nobody who would have to wait, ends when all are gone
  shutdown   ends the broker
  metrics    its metrics, as Prometheus reads them
  log-level  shows or sets what it logs`,
  options: [
    { name: "socket", short: "s", value: "ADDR", help: "the broker's socket, beside which its control socket is" },
    { name: "control", short: "c", value: "ADDR", help: "the control socket [as for broker]" },
    { name: "json", help: "print JSON instead of tables" },
  ],
  words: ["status", "clients", "kick", "drain", "shutdown", "metrics", "log-level"],
};

const PAIR: CommandSpec = {
  name: "pair",
  summary: "get a private socket from a broker, for the shell or for a program",
  usage: ["pair [options] KEY [-- CMD ARG…]"],
  details: `Without CMD the socket is joined to standard input and output: the end of the
input is passed on as a half-close, and ipcx ends when both sides have ended. At
a terminal, the peer's end ends it. With CMD, ipcx becomes CMD, which has the
socket at descriptor 3. In KEY, \\xHH stands for any byte.`,
  options: [
    { name: "socket", short: "s", value: "ADDR", help: "the broker's socket [as for broker]" },
    { name: "client", help: "pair with a --server; without either, with somebody who says neither" },
    { name: "server", help: "pair with a --client" },
    { name: "timeout", short: "t", value: "TIME", help: "how long to wait for the peer [0]" },
    { name: "fd", value: "N", help: "the descriptor that CMD finds the socket at [3]" },
    { name: "no-stdin", short: "n", help: "send nothing: do not read standard input" },
  ],
  takesCommand: true,
};

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
  BROKERCTL,
  PAIR,
  BEAM,
  SEND,
  RECV,
  LOCK,
  HOLD,
  LIMITS,
  SOCKETS,
  PROXY,
  COMPLETIONS,
];

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
