/**
 * What a user can type behind `ipcx lock`: a part of the table.
 *
 * @module
 */

import type { CommandSpec } from "./command_spec.ts";

/** `ipcx lock`. */
export const LOCK: CommandSpec = {
  name: "lock",
  summary: "run a command only once on this host; tell who holds a name",
  usage: ["lock [options] @NAME -- CMD [ARG…]", "lock --status [--json] @NAME"],
  details: `The lock is the abstract socket name @NAME: there is no file, and it is free as
soon as nobody has it open any more, however its holder ended. ipcx becomes CMD,
which holds it, and so does what CMD starts and what inherits it. In NAME, \\xHH
stands for any byte. Other network namespaces have names of their own.

Exit status: that of CMD; 1, or that of --conflict-exit-code, if somebody else
holds it; 126 if CMD cannot be run, 127 if it is not there, 1 for any other
failure, 2 for arguments that cannot be understood. Of --status: 0 if somebody
holds it, 1 if it is free.`,
  options: [
    { name: "wait", short: "w", help: "wait until it is free" },
    { name: "timeout", short: "t", value: "TIME", help: "wait until then at most; 0 is not to wait" },
    { name: "conflict-exit-code", short: "E", value: "N", help: "exit status if somebody else holds it, 0 to 255 [1]" },
    { name: "quiet", short: "q", help: "do not say who holds it" },
    { name: "close", short: "o", help: "hold it here until CMD ends: CMD and what it starts do not have it" },
    {
      name: "expect-uid",
      value: "USER",
      help: "a holder who is not this user, a name or a number, is a failure at once",
    },
    { name: "status", help: "tell who holds it; do not try to take it" },
    { name: "json", help: "with --status: print JSON" },
  ],
  takesCommand: true,
};
