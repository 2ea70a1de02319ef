/**
 * What a user can type behind `ipcx limits`: a part of the table.
 *
 * @module
 */

import { LIMIT_GROUPS } from "../limits/limit.ts";
import type { CommandSpec } from "./command_spec.ts";

/** `ipcx limits`. */
export const LIMITS: CommandSpec = {
  name: "limits",
  summary: "measure what Unix sockets can do on this kernel",
  usage: ["limits [options] [NAME…]"],
  details: `Tries out how large a message can be, how many fit into a queue, how many
descriptors into a message, what happens one beyond, which names there can be
and which newer features there are. With names, only these limits are measured,
such as dgram-largest. Each line has the value, what it is, and what rules it: a
manual page, a sysctl, or a function of the kernel. It takes a fraction of a
second, leaves nothing behind, and works for any user; some limits are wider for
root. What cannot be measured is unknown, and its line says why.`,
  options: [
    {
      name: "only",
      short: "o",
      value: "GROUP",
      choices: LIMIT_GROUPS,
      multiple: true,
      help: `all limits of a group; may be repeated: ${LIMIT_GROUPS.slice(0, -1).join(", ")} or ${LIMIT_GROUPS.at(-1)}`,
    },
    { name: "json", help: "print a JSON array, one limit a line" },
  ],
};
