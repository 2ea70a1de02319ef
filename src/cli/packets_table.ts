/**
 * What a user can type behind `ipcx send` and `ipcx recv`: a part of the table.
 *
 * @module
 */

import type { CommandSpec, OptionSpec } from "./command_spec.ts";

/** The types of sockets, in the order in which a name is tried. */
export const SOCKET_TYPES = ["seqpacket", "stream", "dgram"] as const;

/** The ways to print a message. */
export const FORMATS = ["text", "json", "hex", "raw"] as const;

/** One of them. */
export type Format = typeof FORMATS[number];

const LISTEN: OptionSpec = {
  name: "listen",
  short: "l",
  help: "listen for one connection, instead of connecting",
};

const WAITING: readonly OptionSpec[] = [
  { name: "wait", short: "w", help: "wait until somebody listens there, instead of failing" },
  { name: "timeout", value: "TIME", help: "how long to wait for the peer, and for each message or for room [0]" },
];

const EXPECT_UID: OptionSpec = {
  name: "expect-uid",
  value: "USER",
  help: "a peer that is not this user, a name or a number, is refused before anything is exchanged",
};

const VERBOSE: OptionSpec = { name: "verbose", short: "v", help: "tell on standard error who is connected to what" };

/** `ipcx send`. */
export const SEND: CommandSpec = {
  name: "send",
  summary: "send packets, datagrams or bytes to any Unix socket",
  usage: [
    "send [options] ADDR --data TEXT [--file PATH]",
    "send [options] ADDR < FILE",
    "send [options] ADDR --lines|--json < FILE",
  ],
  details: `What is sent is standard input, unless it is given otherwise. It goes as one
packet, --lines makes a packet of each line, --json of each record:
  {"data":TEXT} or {"base64":TEXT}, with "fds":[{"fd":N},{"file":PATH,"mode":M}]
Without --type ADDR is tried as seqpacket, stream and dgram: what listens there
says what it is.`,
  options: [
    {
      name: "type",
      short: "t",
      value: "TYPE",
      choices: SOCKET_TYPES,
      help: "seqpacket, stream or dgram [what listens there; with --listen seqpacket, with --from dgram]",
    },
    { name: "data", short: "d", value: "TEXT", mayBeEmpty: true, help: "the bytes of the packet" },
    { name: "data-file", value: "FILE", help: "the same from a file; - is the input [-]" },
    { name: "lines", help: "a packet of each line, without its end; on a stream with it" },
    { name: "json", short: "j", help: "a packet of each line of JSON, descriptors included" },
    { name: "repeat", value: "N", help: "send it N times [1]" },
    { name: "fd", value: "N", multiple: true, help: "send descriptor N along; may be repeated" },
    { name: "file", short: "f", value: "PATH", multiple: true, help: "open PATH and send it along; may be repeated" },
    {
      name: "file-mode",
      value: "MODE",
      choices: ["read", "write", "append", "read-write"],
      help: "open it to read, write (emptied), append or read-write [read]",
    },
    {
      name: "credentials",
      value: "PID,UID,GID",
      optional: true,
      help: "send one's own credentials along, or these, as root may; what is left empty is one's own",
    },
    { name: "send-buffer", value: "BYTES", help: "at least so large a send buffer, for larger packets" },
    {
      name: "from",
      value: "ADDR",
      mayBeEmpty: true,
      help: "send datagrams from this name, so that they can be answered; the kernel chooses an empty one",
    },
    {
      name: "reply",
      short: "r",
      value: "COUNT",
      optional: true,
      help: "print COUNT answers to each packet, 1 unless given; 0 for all until the end",
    },
    {
      name: "reply-as",
      value: "FORMAT",
      choices: FORMATS,
      help: "print them as text, json, hex or raw [text, with --json json]",
    },
    { name: "max-bytes", value: "N", help: "bytes to take of an answer; those beyond are lost [1048576]" },
    { name: "end", help: "tell the peer that nothing more comes, before waiting for answers" },
    { name: "urgent", value: "BYTE", help: "then send this one out of band, ahead of all others; streams only" },
    LISTEN,
    ...WAITING,
    EXPECT_UID,
    { name: "mode", value: "OCTAL", help: "permissions of the socket file of --listen or --from [0600]" },
    VERBOSE,
  ],
  filesFollow: true,
};

/** `ipcx recv`. */
export const RECV: CommandSpec = {
  name: "recv",
  summary: "receive from any Unix socket: bytes, descriptors, who sent them",
  usage: [
    "recv [options] ADDR",
    "recv [options] --listen|--type dgram ADDR",
    "recv [options] ADDR --exec CMD ARG…",
  ],
  details: `Datagrams are received at ADDR itself. Otherwise ADDR is connected to, as
seqpacket or stream, whatever listens there, or listened at with --listen.

CMD has the message as its standard input, its descriptors from 3 on, announced
by LISTEN_FDS, and in its environment PACKET_LENGTH, PACKET_FDS, PACKET_FROM,
PACKET_PID, PACKET_UID and PACKET_GID (with --credentials), PACKET_PEER_PID,
PACKET_PEER_UID and PACKET_PEER_GID, and PACKET_SOCKET, the number of the
connection.`,
  options: [
    {
      name: "type",
      short: "t",
      value: "TYPE",
      choices: SOCKET_TYPES,
      help: "seqpacket, stream or dgram [what listens there; with --listen seqpacket]",
    },
    LISTEN,
    {
      name: "keep-listening",
      short: "k",
      help: "listen, and take one connection after the other, all that they send",
    },
    ...WAITING,
    EXPECT_UID,
    { name: "mode", value: "OCTAL", help: "permissions of the socket file [0600]" },
    {
      name: "count",
      short: "c",
      value: "N",
      help: "messages to take; 0 for all that come [1; of streams and with --keep-listening 0]",
    },
    { name: "max-bytes", value: "N", help: "bytes to take of a message; those beyond are lost [1048576]" },
    { name: "credentials", help: "tell who sent each message, as the kernel knows it" },
    { name: "urgent", help: "take bytes out of band as well, in their place; they are lost otherwise" },
    { name: "peek", help: "leave the message where it is: fd:N only" },
    { name: "text", help: "a line for each message, as it is without these options" },
    { name: "json", short: "j", help: "a line of JSON for each message" },
    { name: "hex", help: "a line of hexadecimal digits for each message" },
    { name: "raw", help: "the bytes as they are" },
    { name: "to-stdout", help: "copy what the first descriptor holds to standard output" },
    VERBOSE,
    {
      name: "exec",
      value: "CMD ARG…",
      beginsCommand: true,
      help: "run CMD for each message; all that is behind it belongs to CMD",
    },
  ],
  filesFollow: true,
};
