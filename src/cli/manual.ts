/**
 * What manual pages tell beyond the table, and what several of them have in common.
 *
 * @module
 */

/** Something, and what it means. */
export type Entry = readonly [term: string, meaning: string];

/** What can be typed, and what it does. */
export interface Example {
  /** What it does. */
  what: string;
  /** The lines. */
  lines: readonly string[];
}

/** What the page of a subcommand tells beyond the table. */
export interface Manual {
  /** What it does, where the page is that of a program of its own. */
  asProgram?: string;
  /** Exit statuses other than 0, 1 and 2. */
  statuses?: readonly Entry[];
  /** The variables that it heeds. */
  variables?: readonly Entry[];
  /** The files that it looks at or makes, unless told otherwise. */
  files?: readonly Entry[];
  /** Examples. */
  examples: readonly Example[];
  /** Pages that tell more, such as `"setns(2)"`. */
  seeAlso?: readonly string[];
}

/** Of every subcommand. */
export const STATUSES: readonly Entry[] = [
  ["0", "all went well"],
  ["1", "it failed, and standard error says how"],
  ["2", "the arguments cannot be understood"],
];

/** Of what becomes or runs CMD. */
export const COMMAND_STATUSES: readonly Entry[] = [
  ["126", "CMD cannot be run"],
  ["127", "there is no CMD"],
  ["any other", "that of CMD"],
];

/** Of services. */
export const SERVICE_VARIABLES: readonly Entry[] = [
  [
    "LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES",
    "sockets that a service manager passes, which are served; see sd_listen_fds(3)",
  ],
  ["NOTIFY_SOCKET", "is told when the service is ready, reloads and stops; see sd_notify(3)"],
  ["WATCHDOG_USEC, WATCHDOG_PID", "how often the manager wants to hear from it; see sd_watchdog_enabled(3)"],
];

/** Of what runs CMD. */
export const SEARCH: Entry = ["PATH", "where CMD is looked for if it has no slash"];

/** Of what understands names of users and groups. */
export const ACCOUNTS: Entry = ["/etc/passwd, /etc/group", "names of users and groups"];
