/**
 * What a user can type behind `ipcx doctor`: a part of the table.
 *
 * @module
 */

import { CHECK_NAMES } from "../doctor/check_names.ts";
import type { CommandSpec } from "./command_spec.ts";

/** `ipcx doctor`. */
export const DOCTOR: CommandSpec = {
  name: "doctor",
  summary: "check this host and say what will not work",
  usage: ["doctor [options] [SOCKET…]"],
  details: `Tries out what ipcx needs of the kernel and of this host, for the user who asks:
each line tells how it stands, what was looked at, and what was found. Where
something will not work (fails), or works with less (warning), there follows
what that means for ipcx, and what to do about it. Nothing is changed, nothing
is waited for longer than some seconds. With SOCKET, a path or @name, it tells
whether anybody serves there, or the file is stale; then nothing else is looked
at unless --only names it. The exit status is 1 if anything fails.`,
  options: [
    {
      name: "only",
      short: "o",
      value: "CHECK",
      choices: CHECK_NAMES,
      multiple: true,
      help: `look at this only; may be repeated: ${CHECK_NAMES.slice(0, -1).join(", ")} or ${CHECK_NAMES.at(-1)}`,
    },
    { name: "quiet", short: "q", help: "print nothing of what is well" },
    { name: "json", help: "print a JSON array, one finding a line" },
  ],
  filesFollow: true,
};
