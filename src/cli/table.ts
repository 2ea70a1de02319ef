/**
 * Everything that a user can type: the one table that help, manual pages and
 * shell completions are made from. Arguments are parsed by the same entries, one
 * by one (commands.ts).
 *
 * @module
 */

import { BEAM } from "./beam_table.ts";
import { BROKER, BROKERCTL, ONE_SOCKET, PAIR } from "./broker_table.ts";
import { type CommandSpec, PROGRAM_NAMES } from "./command_spec.ts";
import { COMPLETIONS } from "./completions_table.ts";
import { DOCTOR } from "./doctor_table.ts";
import { HOLD } from "./hold_table.ts";
import { LIMITS } from "./limits_table.ts";
import { LOCK } from "./lock_table.ts";
import { RECV, SEND } from "./packets_table.ts";
import { PROXY } from "./proxy_table.ts";
import { SOCKETS } from "./sockets_table.ts";
import { NSEXEC, SPAWN } from "./spawn_table.ts";

/** The subcommands, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  SPAWN,
  NSEXEC,
  BROKER,
  ONE_SOCKET,
  BROKERCTL,
  PAIR,
  BEAM,
  SEND,
  RECV,
  LOCK,
  HOLD,
  LIMITS,
  DOCTOR,
  SOCKETS,
  PROXY,
  COMPLETIONS,
];

/** The commands that are programs of their own, when ipcx is called by their names. */
export const PROGRAMS: readonly CommandSpec[] = COMMANDS.filter(({ name }) => PROGRAM_NAMES.includes(name));

/**
 * Finds a subcommand.
 *
 * @param name Its name.
 * @returns Its entry, or `undefined`.
 */
export function findCommand(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}
