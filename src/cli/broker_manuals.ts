/**
 * What the manual pages of the broker and of those who ask it tell beyond the table.
 *
 * @module
 */

import { ACCOUNTS, COMMAND_STATUSES, type Entry, type Manual, SEARCH, SERVICE_VARIABLES } from "./manual.ts";

/** Where the broker is. */
const BROKER_VARIABLES: readonly Entry[] = [
  ["ONE_SOCKET_PATH", "the broker's socket, unless an option says otherwise; @NAME is an abstract one"],
  ["ONE_SOCKET_CTL_PATH", "the broker's control socket, unless an option says otherwise"],
  ["XDG_RUNTIME_DIR", "the directory of both for other users than root, without these two"],
];

/** Where the broker is without them. */
export const BROKER_FILES: readonly Entry[] = [
  ["/run/one.socket", "the broker's socket, for root"],
  ["$XDG_RUNTIME_DIR/one.socket", "the same for other users"],
  ["/run/one.socket.ctl, $XDG_RUNTIME_DIR/one.socket.ctl", "its control socket, beside it"],
];

/** By the names of the subcommands. */
export const BROKER_MANUALS: Readonly<Record<string, Manual>> = {
  broker: {
    variables: [...BROKER_VARIABLES, ...SERVICE_VARIABLES],
    files: [...BROKER_FILES, ACCOUNTS],
    examples: [
      {
        what: "Serve in the background, for the members of a group:",
        lines: ["ipcx broker --daemonize --log-file log --mode 0660 --group kvm"],
      },
      {
        what: "Let in one user, who may only use keys that begin with disk:",
        lines: ["ipcx broker --socket @broker --access 'allow uid=1000 key=disk*'"],
      },
    ],
    seeAlso: ["unix(7)", "systemd.socket(5)"],
  },
  "one-socket": {
    asProgram: "SocketPair broker, as a part of ipcx",
    variables: [
      ["ONE_SOCKET_PATH", "its socket; @NAME is an abstract one"],
      ["ONE_SOCKET_CTL_PATH", "its control socket"],
      ...SERVICE_VARIABLES,
    ],
    files: [
      ["/var/run/one.socket", "its socket, without ONE_SOCKET_PATH"],
      ["/var/run/one-socket.ctl", "its control socket, without either variable"],
    ],
    examples: [
      {
        what: "Serve at sockets of one's own:",
        lines: [
          "export ONE_SOCKET_PATH=./one.socket",
          "export ONE_SOCKET_CTL_PATH=./one-socket.ctl",
          "ipcx one-socket",
        ],
      },
    ],
    seeAlso: ["unix(7)"],
  },
  brokerctl: {
    variables: BROKER_VARIABLES,
    files: BROKER_FILES,
    examples: [
      { what: "Look at the broker that is at ./one.socket:", lines: ["ipcx brokerctl --socket ./one.socket status"] },
      { what: "See who waits, and disconnect one:", lines: ["ipcx brokerctl clients", "ipcx brokerctl kick 1"] },
      { what: "Log more, until the broker ends:", lines: ["ipcx brokerctl log-level debug"] },
    ],
  },
  pair: {
    statuses: COMMAND_STATUSES,
    variables: [...BROKER_VARIABLES, SEARCH],
    files: BROKER_FILES,
    examples: [
      {
        what: "Send bytes from one shell to another:",
        lines: ["ipcx pair disk0 --server --no-stdin > received", "printf 'block 17' | ipcx pair disk0 --client"],
      },
      { what: "Give the socket to a program, at descriptor 3:", lines: ["ipcx pair disk0 --server -- ./server"] },
    ],
    seeAlso: ["socketpair(2)"],
  },
};
