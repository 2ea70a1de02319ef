/**
 * Names that the peer has offered: channels to push connections into.
 *
 * @module
 */

import { isPeerGone } from "../../core/errors.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { Beam } from "../beam.ts";

/** Keeps offers until they are withdrawn or taken up. */
export class Offers {
  readonly #channels = new Map<string, Beam>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #onEnd: () => void;

  /**
   * Keeps none yet.
   *
   * @param onEnd Told whenever an offer has ended.
   */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** The names that are on offer now. */
  get names(): string[] {
    return Array.from(this.#channels.keys());
  }

  /** How many there are. */
  get count(): number {
    return this.#channels.size;
  }

  /** Whether a name is on offer. */
  has(name: string): boolean {
    return this.#channels.has(name);
  }

  /**
   * Keeps an offer, instead of an earlier one of the same name, which ends.
   *
   * @param name The name.
   * @param channel Where connections are pushed into; closed when the offer ends.
   */
  keep(name: string, channel: Beam): void {
    this.#channels.get(name)?.close();
    this.#channels.set(name, channel);
    this.#watch(name, channel);
    for (const tell of [...this.#waiting.get(name) ?? []]) tell();
  }

  async #watch(name: string, channel: Beam): Promise<void> {
    try {
      // Whoever offers has nothing to say but the end.
      for await (const message of channel) message[Symbol.dispose]();
    } catch {
      // However it ended, nobody takes connections any more.
    }
    this.#drop(name, channel);
  }

  #drop(name: string, channel: Beam): void {
    channel.close();
    if (this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    this.#onEnd();
  }

  /**
   * Makes a connection to whoever offers a name.
   *
   * @param name The name.
   * @param signal Ends the wait for room.
   * @returns The connection, the caller's, or `undefined` if nobody offers the name.
   * @throws {SystemError} EMFILE, ETOOMANYREFS.
   */
  async push(name: string, signal: AbortSignal): Promise<UnixSocket | undefined> {
    for (let channel = this.#channels.get(name); channel; channel = this.#channels.get(name)) {
      try {
        return await channel.sendConnection(name, { signal });
      } catch (error) {
        if (!isPeerGone(error) && channel.isOpen) throw error;
        this.#drop(name, channel);
      }
    }
  }

  /**
   * Calls somebody when a name is offered.
   *
   * @param name The name.
   * @param tell Whom; once for each offer.
   * @returns What ends it.
   */
  onOffered(name: string, tell: () => void): Disposable {
    const others = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, others.add(tell));
    return {
      [Symbol.dispose]: () => {
        others.delete(tell);
        if (others.size === 0 && this.#waiting.get(name) === others) this.#waiting.delete(name);
      },
    };
  }

  /** Ends all offers. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }
}
