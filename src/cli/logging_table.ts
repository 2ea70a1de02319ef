/**
 * The options of all services that log: a part of the table.
 *
 * @module
 */

import type { OptionSpec } from "./command_spec.ts";

/** Where the log goes, and what it looks like. */
export const LOGGING: readonly OptionSpec[] = [
  {
    name: "log-level",
    value: "LEVEL",
    choices: ["debug", "info", "warn", "error", "critical"],
    help: "least severity to log: debug, info, warn, error or critical [info]",
  },
  {
    name: "log-format",
    value: "FORMAT",
    choices: ["text", "json"],
    help: "text or json lines [text on a terminal, json otherwise]",
  },
  { name: "log-file", value: "FILE", help: "append the log to FILE instead of standard error; reopened on SIGHUP" },
];
