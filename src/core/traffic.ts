/**
 * What goes on with one descriptor, whoever uses it: a socket and what copies to
 * it without it, or two of those.
 *
 * @module
 */

import { attachedTraffic, type Fd } from "./fd.ts";
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

  /**
   * Begins.
   *
   * @param number The descriptor, which stays with its owner.
   */
  constructor(number: number) {
    this.waiters = new Waiters(number);
  }

  /** Ends every wait; it comes before the descriptor is closed or given away. */
  end(): void {
    this.waiters.close();
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
