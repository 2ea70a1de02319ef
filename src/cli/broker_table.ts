/**
 * What a user can type behind `ipcx broker`, `one-socket`, `brokerctl` and `pair`: a part of the table.
 *
 * @module
 */

import { LOGGING } from "./logging_table.ts";
import type { CommandSpec } from "./command_spec.ts";

/** `ipcx broker`. */
export const BROKER: CommandSpec = {
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

/** `one-socket`: what that program takes. */
export const ONE_SOCKET: CommandSpec = {
  name: "one-socket",
  summary: "broker as one-socket is; also when ipcx is called by that name",
  usage: ["one-socket"],
  details: `Like that daemon it takes no options. It listens at ONE_SOCKET_PATH, or without
that at /var/run/one.socket, with the permissions that the umask leaves. Its
control socket is ONE_SOCKET_CTL_PATH, or without that /var/run/one-socket.ctl,
but if ONE_SOCKET_PATH is set it is there, with .ctl behind it. All else is as
with ipcx broker, which has options for it.`,
  options: [],
};

/** `ipcx brokerctl`. */
export const BROKERCTL: CommandSpec = {
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

/** `ipcx pair`. */
export const PAIR: CommandSpec = {
  name: "pair",
  summary: "get a private socket from a broker, for the shell or a program",
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
