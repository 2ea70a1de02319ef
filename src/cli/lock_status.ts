/**
 * `ipcx lock --status`: who holds a name, as text or JSON.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { type InstanceStatus, instanceStatus } from "../instance/acquire.ts";
import { holderInWords, keepersInWords, unknownInWords } from "../instance/words.ts";
import { print } from "./output.ts";
import type { Arguments } from "./parse.ts";

const HELD = 0;
const FREE = 1;

function inWords(lock: UnixAddress, status: InstanceStatus | undefined): string {
  if (!status) return `${lock} is free\n`;
  const { holder, keepers, unknown } = status;
  if (!holder) return `${unknownInWords(lock, unknown!, keepers)}\n`;
  const others = keepers.filter(({ pid }) => pid !== holder.pid);
  const more = holder.hasEnded || others.length === 0 ? "" : `it is open in ${keepersInWords(others)}, too\n`;
  return `${holderInWords(lock, holder, keepers)}\n${more}`;
}

function asJson(lock: UnixAddress, status: InstanceStatus | undefined): string {
  return `${JSON.stringify({ name: `${lock}`, held: status !== undefined, ...status })}\n`;
}

/**
 * Prints who holds a lock.
 *
 * @param lock Its name.
 * @param args The arguments: `--json`, `--quiet`.
 * @returns The exit status: 0 if somebody holds it, 1 if it is free.
 */
export function showStatus(lock: UnixAddress, args: Arguments): number {
  const status = instanceStatus(lock);
  if (!args.has("quiet")) print((args.has("json") ? asJson : inWords)(lock, status));
  return status ? HELD : FREE;
}
