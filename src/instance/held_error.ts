/**
 * The error of those who come too late, and its words.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { InstanceHolder, InstanceKeeper } from "./holder.ts";

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

function keepersInWords(keepers: readonly InstanceKeeper[]): string {
  if (keepers.length === 0) return "";
  const names = keepers.map(({ pid, command }) => `process ${pid}${command === undefined ? "" : ` (${command})`}`);
  return `: ${names.join(", ")}`;
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
      keepersInWords(keepers)
    }`;
  }
  if (since === undefined) return `${lock} is held by ${who}`;
  return holder.sinceIs === "taken"
    ? `${lock} is held by ${who} since ${since}`
    : `${lock} is held by ${who}, which was started ${since}`;
}

/** What an {@linkcode InstanceHeldError} is made of. */
export interface HeldErrorParts {
  /** The lock's name. */
  lock: UnixAddress;
  /** Who took it. */
  holder?: InstanceHolder;
  /** Who has it open, if that was looked for. */
  keepers?: readonly InstanceKeeper[];
  /** Why it cannot be told who holds it. */
  unknown?: string;
  /** Who alone is expected to hold it. */
  expectUid?: number;
}

function messageFrom({ lock, holder, keepers = [], unknown, expectUid }: HeldErrorParts): string {
  const held = holder
    ? holderInWords(lock, holder, keepers)
    : `${lock} is held; by whom cannot be told: ${unknown}${keepersInWords(keepers)}`;
  if (!holder || expectUid === undefined || holder.uid === expectUid) return held;
  return `${held}; only uid ${expectUid} is expected there: somebody else has taken the name`;
}

/**
 * Thrown if a lock is held by somebody else.
 *
 * @example What it tells
 * ```ts
 * import { acquireInstance, InstanceHeldError } from "ipcx";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const name = `@example-${crypto.randomUUID()}`;
 * using _instance = await acquireInstance(name);
 * const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
 * assertEquals(error.holder!.pid, Deno.pid);
 * ```
 */
export class InstanceHeldError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "InstanceHeldError";
  /** The lock's name, as people write it. */
  readonly address: string;
  /** Who holds it; `undefined` if that cannot be told, for the reason that the message gives. */
  readonly holder?: InstanceHolder;
  /** Who has it open, looked for only if `holder` has ended or is not known. */
  readonly keepers: readonly InstanceKeeper[];
  /** Whether the holder is another user than was expected; waiting would have been in vain. */
  readonly isUnexpected: boolean;

  /**
   * Puts the error together.
   *
   * @param parts What it tells.
   */
  constructor(parts: HeldErrorParts) {
    super(messageFrom(parts));
    const { lock, holder, keepers = [], expectUid } = parts;
    this.address = `${lock}`;
    if (holder) this.holder = holder;
    this.keepers = keepers;
    this.isUnexpected = holder !== undefined && expectUid !== undefined && holder.uid !== expectUid;
  }
}
