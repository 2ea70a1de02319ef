/**
 * `ipcx hold list`: what is held.
 *
 * @module
 */

import { fdText, printable } from "../core/fd_description.ts";
import type { HeldDescriptor } from "../hold/held_descriptor.ts";
import { elapsed } from "./elapsed.ts";
import { clientFrom, refuseNames } from "./hold_settings.ts";
import { print } from "./output.ts";
import type { Arguments } from "./parse.ts";
import { type Column, table } from "./text_table.ts";

const COLUMNS: readonly Column[] = [
  ["NAME", "left"],
  ["UID", "right"],
  ["FOR", "right"],
  ["EXPIRES", "right"],
  ["WHAT", "left"],
];

function rowOf(held: HeldDescriptor, now: number): string[] {
  const { name, uid, since, expires, address } = held;
  return [
    printable(name),
    `${uid}`,
    elapsed((now - Date.parse(since)) / 1000),
    expires === undefined ? "-" : elapsed((Date.parse(expires) - now) / 1000),
    address === undefined ? fdText(held) : `${fdText(held)} ${printable(address)}`,
  ];
}

/**
 * Runs `ipcx hold list`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  refuseNames(args);
  const held = await clientFrom(args).list();
  const now = Date.now();
  print(args.has("json") ? `${JSON.stringify(held)}\n` : table(COLUMNS, held.map((one) => rowOf(one, now))));
  return 0;
}
