/**
 * `ipcx hold status`: how a holder is.
 *
 * @module
 */

import { printable } from "../core/fd_description.ts";
import { elapsed } from "./elapsed.ts";
import { clientFrom, refuseNames } from "./hold_settings.ts";
import { print } from "./output.ts";
import type { Arguments } from "./parse.ts";
import { table } from "./text_table.ts";

function counts(byReason: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byReason).map(([reason, number]) => `${number} ${printable(reason)}`);
  return parts.length > 0 ? parts.join(", ") : "none";
}

/**
 * Runs `ipcx hold status`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  refuseNames(args);
  const status = await clientFrom(args).status();
  if (args.has("json")) {
    print(`${JSON.stringify(status)}\n`);
    return 0;
  }
  print(table([["", "left"], ["", "left"]], [
    ["pid", `${status.pid}`],
    ["sockets", status.sockets.map(printable).join(" ")],
    ["uptime", elapsed(status.uptime)],
    ["held", `${status.held} of ${status.limits.maxHeld}`],
    ["clients", `${status.clients} of ${status.limits.maxClients}`],
    ["stored", `${status.stored}`],
    ["retrieved", `${status.retrieved}`],
    ["dropped", `${status.dropped}`],
    ["expired", `${status.expired}`],
    ["refused", counts(status.refused)],
  ]));
  return 0;
}
