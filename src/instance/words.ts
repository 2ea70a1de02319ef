/**
 * Who holds a lock, in a line for people.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { InstanceKeeper } from "./bound_sockets.ts";
import type { InstanceHolder } from "./holder.ts";

function twoDigits(number: number): string {
  return `${number}`.padStart(2, "0");
}

/** As clocks on walls here show it. */
function localTime(date: Date): string {
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":")}`;
}

function processInWords({ pid, uid, command }: InstanceHolder): string {
  if (pid === 0) return `a process of another pid namespace (uid ${uid})`;
  return `process ${pid} (${command === undefined ? `uid ${uid}` : `uid ${uid}, ${command}`})`;
}

/**
 * Lists processes.
 *
 * @param keepers The processes.
 * @returns Their ids and names, printable.
 */
export function keepersInWords(keepers: readonly InstanceKeeper[]): string {
  return keepers.map(({ pid, command }) => `process ${pid}${command === undefined ? "" : ` (${command})`}`).join(", ");
}

function behindColon(keepers: readonly InstanceKeeper[]): string {
  return keepers.length === 0 ? "" : `: ${keepersInWords(keepers)}`;
}

/**
 * Puts into words who holds a lock.
 *
 * @param lock The lock's name.
 * @param holder Who took it.
 * @param keepers Who has it open, if that was looked for.
 * @returns One line, printable.
 */
export function holderInWords(
  lock: UnixAddress,
  holder: InstanceHolder,
  keepers: readonly InstanceKeeper[] = [],
): string {
  const who = processInWords(holder);
  const since = holder.since && localTime(holder.since);
  if (holder.hasEnded) {
    const when = since === undefined ? "" : ` on ${since}`;
    return `${lock} was taken by ${who}${when}, which has ended; others hold it that inherited it${
      behindColon(keepers)
    }`;
  }
  if (since === undefined) return `${lock} is held by ${who}`;
  return holder.sinceIs === "taken"
    ? `${lock} is held by ${who} since ${since}`
    : `${lock} is held by ${who}, which was started ${since}`;
}

/**
 * Puts into words that somebody holds a lock.
 *
 * @param lock The lock's name.
 * @param reason Why it cannot be told who.
 * @param keepers Who has it open.
 * @returns One line, printable.
 */
export function unknownInWords(lock: UnixAddress, reason: string, keepers: readonly InstanceKeeper[]): string {
  const open = keepers.length === 0 ? "" : `; it is open in ${keepersInWords(keepers)}`;
  return `${lock} is held; by whom cannot be told: ${reason}${open}`;
}
