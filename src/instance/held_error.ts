/**
 * The error of those who come too late.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { InstanceKeeper } from "./bound_sockets.ts";
import type { InstanceHolder } from "./holder.ts";
import { holderInWords, unknownInWords } from "./words.ts";

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
  const held = holder ? holderInWords(lock, holder, keepers) : unknownInWords(lock, unknown!, keepers);
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
