/**
 * What a user can type behind `ipcx beam`: a part of the table.
 *
 * @module
 */

import { LOGGING } from "./logging_table.ts";
import type { CommandSpec, OptionSpec } from "./command_spec.ts";

/** What can be done. */
export const BEAM_VERBS = ["listen", "send", "recv", "pipe", "call", "copy"] as const;

/** One of them. */
export type BeamVerb = typeof BEAM_VERBS[number];

const ALL: readonly BeamVerb[] = BEAM_VERBS;

/** Those that have one connection, which they make or wait for. */
const ONE_CONNECTION: readonly BeamVerb[] = ["send", "recv", "pipe", "call", "copy"];

/** An option, and what it is for. */
interface BeamOptionSpec extends OptionSpec {
  verbs: readonly BeamVerb[];
}

const OPTIONS: readonly BeamOptionSpec[] = [
  {
    name: "type",
    value: "TYPE",
    choices: ["stream", "seqpacket"],
    verbs: ALL,
    help: "the sockets' type: stream, or seqpacket for packets [stream]",
  },
  { name: "framed", verbs: ALL, help: "frame messages on a stream, so that all arrive as they were sent" },
  { name: "max-bytes", value: "N", verbs: ALL, help: "bytes of a message [4096, or 16 MiB with frames or packets]" },
  { name: "skip-without-fd", verbs: ["listen", "recv"], help: "pass over messages without a descriptor" },
  {
    name: "listen",
    short: "l",
    verbs: ONE_CONNECTION,
    help: "listen for one connection, instead of connecting; with copy, at A",
  },
  {
    name: "wait",
    short: "w",
    verbs: ONE_CONNECTION,
    help: "wait until somebody listens there, instead of failing",
  },
  {
    name: "timeout",
    short: "t",
    value: "TIME",
    verbs: ALL,
    help: "how long to wait for the peer, and for a message or for room [0]",
  },
  { name: "mode", value: "OCTAL", verbs: ALL, help: "permissions of the socket file [0600]" },
  {
    name: "data",
    short: "d",
    value: "TEXT",
    mayBeEmpty: true,
    verbs: ["send", "pipe", "call"],
    help: "the message's bytes",
  },
  { name: "data-file", value: "FILE", verbs: ["send", "pipe", "call"], help: "the same from a file; - is the input" },
  { name: "fd", value: "N", multiple: true, verbs: ["send"], help: "send descriptor N along; may be repeated" },
  {
    name: "file",
    short: "f",
    value: "PATH",
    multiple: true,
    verbs: ["send"],
    help: "open PATH and send it along; may be repeated",
  },
  {
    name: "file-mode",
    value: "MODE",
    choices: ["read", "write", "append", "read-write"],
    verbs: ["send"],
    help: "open it to read, write (emptied), append or read-write [read]",
  },
  { name: "no-stdin", short: "n", verbs: ["pipe"], help: "send nothing: do not read standard input" },
  { name: "json", short: "j", verbs: ["listen", "send", "recv", "call"], help: "messages as lines of JSON" },
  { name: "to-stdout", verbs: ["recv"], help: "copy what the descriptor holds to standard output" },
  {
    name: "count",
    short: "c",
    value: "N",
    verbs: ["listen", "recv"],
    help: "messages to take; 0 for all that come [recv: 1, listen: 0]",
  },
  { name: "once", verbs: ["listen"], help: "the same as --count 1" },
  { name: "max-clients", value: "N", verbs: ["listen"], help: "connections at once [256]" },
  { name: "max-children", value: "N", verbs: ["listen"], help: "commands at once; messages wait [64]" },
  { name: "grace", value: "TIME", verbs: ["listen"], help: "time for commands to end, when it is told to [5s]" },
  { name: "listen-b", verbs: ["copy"], help: "listen at B, too" },
  {
    name: "type-b",
    value: "TYPE",
    choices: ["stream", "seqpacket"],
    verbs: ["copy"],
    help: "stream or seqpacket for B [as for A]",
  },
  { name: "framed-b", verbs: ["copy"], help: "frame messages with B [as with A]" },
  ...LOGGING.map((option) => ({ ...option, verbs: ["listen"] as const })),
  {
    name: "exec",
    value: "CMD ARG…",
    beginsCommand: true,
    verbs: ["listen", "recv"],
    help: "run CMD for each message; all that is behind it belongs to CMD",
  },
];

/** `ipcx beam`. */
export const BEAM: CommandSpec = {
  name: "beam",
  summary: "send and receive messages that carry descriptors",
  usage: [
    "beam listen [options] ADDR [--exec CMD ARG…]",
    "beam send [options] ADDR --data TEXT [--file PATH]",
    "beam recv [options] ADDR [--to-stdout|--exec CMD ARG…]",
    "beam pipe [options] ADDR --data TEXT",
    "beam call [options] ADDR --data TEXT",
    "beam copy [options] A B",
  ],
  details: `  listen  takes messages from all who connect, until it is told to end
  send    sends one message; with --json, one for each line of the input
  recv    takes one message, and prints it
  pipe    sends one end of a new connection, and joins the other to its input
          and output
  call    sends one end of a new connection, and prints what comes back
  copy    hands on messages from A to B and from B to A, descriptors included

CMD has the first descriptor of its message as standard input and output, as far
as it can be read and written, others from 3 on, and in its environment
BEAM_DATA (BEAM_DATA_BASE64 if that is no text), BEAM_FDS, BEAM_PID, BEAM_UID,
BEAM_GID. Without a descriptor its input is empty, and its output that of ipcx.`,
  options: OPTIONS.map(({ verbs: _, ...option }) => option),
  words: BEAM_VERBS,
  filesFollow: true,
};

/**
 * What an option is for.
 *
 * @param name The option.
 * @returns The verbs that know it.
 */
export function verbsOf(name: string): readonly BeamVerb[] {
  return OPTIONS.find((option) => option.name === name)?.verbs ?? ALL;
}
