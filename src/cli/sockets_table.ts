/**
 * What a user can type behind `ipcx sockets`: a part of the table.
 *
 * @module
 */

import type { CommandSpec } from "./command_spec.ts";

/** The types of Unix sockets. */
export const SOCKET_TYPES = ["stream", "seqpacket", "dgram"] as const;

/** What a socket can be ready for. */
export const SOCKET_STATES = ["listening", "pending", "connected", "half-closed", "closing", "unconnected"] as const;

/** What sockets can be sorted by. */
export const SOCKET_ORDERS = ["address", "inode", "recv", "send"] as const;

/** `ipcx sockets`. */
export const SOCKETS: CommandSpec = {
  name: "sockets",
  summary: "list the host's Unix sockets: who listens, is connected, is stuck",
  usage: ["sockets [options] [ADDR…]"],
  details: `Lists the sockets with these names, or bound to the files at these paths, and
all if none is given. Options narrow that down: a socket is listed if it fits
each kind of them. Sockets of other network namespaces are not seen from here;
those of ipcx itself are left out.

RECV-Q: bytes that wait to be read; of a listener, connections that wait to be
accepted. SEND-Q: memory of what it has sent and nobody has read; of a listener,
its backlog. '-' stands for what this user may not see.

Exit status: 1 if an ADDR is no socket that fits, or for any other failure; 2
for arguments that cannot be understood.`,
  options: [
    {
      name: "type",
      short: "t",
      value: "TYPE",
      choices: SOCKET_TYPES,
      multiple: true,
      help: `of this type: ${SOCKET_TYPES.join(", ")}; may be repeated`,
    },
    {
      name: "state",
      short: "s",
      value: "STATE",
      choices: SOCKET_STATES,
      multiple: true,
      help: `in this state: ${SOCKET_STATES.join(", ")}; may be repeated`,
    },
    { name: "listening", short: "l", help: "in the state listening" },
    { name: "connected", short: "c", help: "in the state connected" },
    { name: "path", help: "with a path for a name" },
    { name: "abstract", short: "a", help: "with an abstract name" },
    { name: "unnamed", help: "without a name" },
    {
      name: "name",
      short: "n",
      value: "PATTERN",
      help: "with such a name, as in '/run/*' or '@dbus*': * stands for any bytes, ? for one, \\xHH for a byte",
    },
    { name: "pid", short: "p", value: "PID", multiple: true, help: "open in this process; may be repeated" },
    {
      name: "uid",
      short: "u",
      value: "USER",
      multiple: true,
      help: "made by this user, a name or a number; may be repeated",
    },
    { name: "full", short: "f", help: "full: whoever connects, or sends with it, has to wait" },
    { name: "stale", help: "bound to a file that is gone or was replaced: nobody can reach it" },
    {
      name: "net",
      value: "FILE|PID",
      help: "look into this network namespace; a name is one of ip-netns(8)",
    },
    { name: "all-nets", help: "look into all network namespaces of processes, and those with a name" },
    { name: "no-processes", help: "do not look for the processes, which takes a look at all their descriptors" },
    { name: "sort", value: "KEY", choices: SOCKET_ORDERS, help: `sort by ${SOCKET_ORDERS.join(", ")} [address]` },
    {
      name: "watch",
      short: "w",
      value: "TIME",
      optional: true,
      help: "go on, and tell what comes, changes and goes: look again after each TIME [1s]",
    },
    { name: "json", help: "print a line of JSON for each socket" },
    { name: "no-header", short: "H", help: "print no line of headings" },
  ],
  filesFollow: true,
};
