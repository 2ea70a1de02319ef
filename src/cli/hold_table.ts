/**
 * What a user can type behind `ipcx hold`: a part of the table.
 *
 * @module
 */

import { LOGGING } from "./logging_table.ts";
import type { CommandSpec, OptionSpec } from "./command_spec.ts";

/** What can be asked of a holder. */
export const HOLD_VERBS = ["run", "store", "list", "drop", "status"] as const;

/** What can be done; `"serve"` is what is done if none of the others is asked for. */
export type HoldVerb = "serve" | typeof HOLD_VERBS[number];

/** An option, and what it is for. */
interface HoldOptionSpec extends OptionSpec {
  verbs: readonly HoldVerb[];
}

const OPTIONS: readonly HoldOptionSpec[] = [
  {
    name: "socket",
    short: "s",
    value: "ADDR",
    multiple: true,
    verbs: ["serve", ...HOLD_VERBS],
    help: "the holder's socket: /path, ./path, @name or fd:N [IPCX_HOLD_SOCKET, /run/ipcx-hold.socket, or " +
      "$XDG_RUNTIME_DIR/ipcx-hold.socket]",
  },
  {
    name: "listen",
    short: "l",
    value: "[NAME=]WHERE",
    multiple: true,
    verbs: ["serve", "store"],
    help: "listen there and hold that: tcp:HOST:PORT, unix:ADDR, seqpacket:ADDR or fd:N; may be repeated",
  },
  { name: "mode", value: "OCTAL", verbs: ["serve"], help: "permissions of the holder's socket files [0600]" },
  { name: "owner", value: "USER", verbs: ["serve"], help: "owner of the holder's socket files" },
  { name: "group", value: "GROUP", verbs: ["serve"], help: "group of the holder's socket files" },
  { name: "access", value: "RULE", multiple: true, verbs: ["serve"], help: "an access rule; may be repeated" },
  { name: "access-file", value: "FILE", verbs: ["serve"], help: "access rules, one a line, after those of --access" },
  {
    name: "expire",
    value: "TIME",
    verbs: ["serve", "store"],
    help: "how long to hold what is stored; 0 for ever [serving: 0, store: as the holder does]",
  },
  { name: "max-held", value: "N", verbs: ["serve"], help: "descriptors held at once [what RLIMIT_NOFILE allows]" },
  {
    name: "max-held-per-uid",
    value: "N",
    verbs: ["serve"],
    help: "descriptors held at once for one user [nine tenths of the above]",
  },
  { name: "max-clients", value: "N", verbs: ["serve"], help: "connections at once [256]" },
  { name: "max-clients-per-uid", value: "N", verbs: ["serve"], help: "connections at once of one user [64]" },
  { name: "request-timeout", value: "TIME", verbs: ["serve"], help: "time to send a request [5s]" },
  { name: "pidfile", value: "FILE", verbs: ["serve"], help: "write the process id to FILE" },
  { name: "daemonize", verbs: ["serve"], help: "go to the background once it serves" },
  ...LOGGING.map((option) => ({ ...option, verbs: ["serve"] as const })),
  {
    name: "fd",
    value: "N",
    multiple: true,
    verbs: ["run", "store"],
    help: "run: the first descriptor that CMD finds, without LISTEN_FDS; store: hold descriptor N, may be repeated",
  },
  { name: "all", short: "a", verbs: ["run"], help: "all that is held and may be listed, instead of NAMEs" },
  { name: "take", verbs: ["run"], help: "the holder lets go of what CMD gets" },
  { name: "blocking", verbs: ["run"], help: "make calls on them wait (O_NONBLOCK off), for all who have them" },
  { name: "nonblocking", verbs: ["run"], help: "let no call on them wait (O_NONBLOCK on), for all who have them" },
  { name: "replace", verbs: ["store"], help: "let go of what is held under the NAME so far" },
  { name: "json", short: "j", verbs: ["list", "status"], help: "print JSON instead of a table" },
  { name: "timeout", short: "t", value: "TIME", verbs: HOLD_VERBS, help: "how long to wait for the holder [10s]" },
];

/** `ipcx hold`. */
export const HOLD: CommandSpec = {
  name: "hold",
  summary: "keep listeners and other descriptors open while programs restart",
  usage: [
    "hold [options] [--listen NAME=WHERE]…",
    "hold run [options] NAME… -- CMD ARG…",
    "hold store [options] NAME… --fd N…|--listen WHERE…",
    "hold list|status [options]",
    "hold drop [options] NAME…",
  ],
  details: `Without a word it holds: what --listen opens, what systemd passes (LISTEN_FDS; a
listener named "control" is the holder's own socket), and what is stored.
  run     becomes CMD, which has copies of what is held from descriptor 3 on,
          and is told of them by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES
  store   has descriptors held, each under a NAME
  list    what is held
  drop    the holder lets go of it
  status  how the holder is
Behind WHERE may stand ,mode=OCTAL ,owner=USER ,group=GROUP for a socket file.

Times are seconds, or a number with ms, s, m or h. 0 stands for no limit.
Access rules are tried in order, the first that fits decides:
  allow|deny [uid=ID|NAME] [gid=ID|NAME] [op=OP,…] [name=PATTERN]
             [owner=ID|NAME|any]
Where none fits, root and who runs the holder may do anything, nobody else.`,
  options: OPTIONS.map(({ verbs: _, ...option }) => option),
  words: HOLD_VERBS,
  takesCommand: true,
};

/**
 * What an option is for.
 *
 * @param name The option.
 * @returns The verbs that know it.
 */
export function holdVerbsOf(name: string): readonly HoldVerb[] {
  return OPTIONS.find((option) => option.name === name)?.verbs ?? ["serve", ...HOLD_VERBS];
}
