/**
 * What a user can type behind `ipcx proxy`: a part of the table.
 *
 * @module
 */

import { LOGGING } from "./logging_table.ts";
import type { CommandSpec } from "./command_spec.ts";

/** The subcommand. */
export const PROXY: CommandSpec = {
  name: "proxy",
  summary: "start a program for each HTTP request, which answers it: URocket",
  usage: ["proxy [options] --config FILE"],
  details: `FILE says in YAML which program answers which verb of which path. A program
answers with an HTTP request to a Unix socket, or on its standard output. Files
of urocket are understood, but nothing of a request may get into the script of a
shell. SIGTERM and SIGINT stop in order, SIGHUP reads FILE again: a bad one
changes nothing.`,
  options: [
    { name: "config", short: "c", value: "FILE", help: "the configuration" },
    { name: "check", help: "only check the configuration, and print its routes as a table" },
    { name: "pidfile", value: "FILE", help: "write the process id to FILE" },
    ...LOGGING,
  ],
};
