/**
 * What goes on with one descriptor, whoever uses it: a socket and what copies to
 * it without it, or two of those.
 *
 * @module
 */

import { attachedTraffic, type Fd } from "./fd.ts";
import { type Medium, prepareMedium } from "./medium.ts";
import { Turns } from "./turns.ts";
import { Waiters } from "./waiters.ts";

/** Who waits for a descriptor, and whose turn it is. */
export class Traffic {
  /** Those who wait. */
  readonly waiters: Waiters;
  /** Those who send: what two of them send at the same time must not mix. */
  readonly sending: Turns = new Turns();
  /** Those who receive. */
  readonly receiving: Turns = new Turns();
  readonly #told = new Set<() => void>();
  #medium: Medium | undefined;

  /**
   * Begins.
   *
   * @param number The descriptor, which stays with its owner.
   */
  constructor(number: number) {
    this.waiters = new Waiters(number);
  }

  /**
   * Prepares for calls that cannot be told one by one not to wait: from now on
   * none on this descriptor does (O_NONBLOCK).
   *
   * @param number The descriptor.
   * @returns What bytes go through.
   */
  flowing(number: number): Medium {
    return this.#medium ??= prepareMedium(number);
  }

  /**
   * Tells of the end, once.
   *
   * @param tell What to call.
   * @returns Calls that off.
   */
  onEnd(tell: () => void): () => void {
    this.#told.add(tell);
    return () => this.#told.delete(tell);
  }

  /** Ends every wait; it comes before the descriptor is closed or given away. */
  end(): void {
    this.waiters.close();
    for (const tell of this.#told) tell();
    this.#told.clear();
  }
}

const begin = (number: number): Traffic => new Traffic(number);

/**
 * Gives what goes on with a descriptor.
 *
 * @param fd The descriptor, which stays with its owner.
 * @returns The same for all who ask.
 * @throws {ClosedError} If the descriptor was closed or given away.
 */
export function trafficOf(fd: Fd): Traffic {
  return attachedTraffic(fd, begin);
}
