/**
 * What was posted and is not sent yet.
 *
 * @module
 */

import { ClosedError } from "../core/errors.ts";
import { closeAll, type Fd } from "../core/fd.ts";

/** A message that waits. */
export interface Posted {
  /** The payload. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** The descriptors, which are the queue's. */
  readonly fds: readonly Fd[];
}

/** A bounded queue; owner of the descriptors in it. */
export class PortQueue {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #waiting = new Set<Posted>();
  #bytes = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  /**
   * Begins empty.
   *
   * @param maxMessages The most messages that wait.
   * @param maxBytes The most bytes that wait, but one message always may.
   */
  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** The bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The message that was posted first. */
  get first(): Posted | undefined {
    return this.#waiting.values().next().value;
  }

  /** A promise without a value, when nothing waits. */
  get drained(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return (this.#drained ??= Promise.withResolvers<void>()).promise;
  }

  /**
   * Makes sure that a message may be added.
   *
   * @param length Its bytes.
   * @throws {DOMException} `QuotaExceededError`, if there is no room.
   */
  checkRoom(length: number): void {
    const { size } = this.#waiting;
    if (size === 0 || (size < this.#maxMessages && this.#bytes + length <= this.#maxBytes)) return;
    throw new DOMException(
      `${size} messages of ${this.#bytes} bytes wait to be sent: the peer does not keep up; wait for drained`,
      "QuotaExceededError",
    );
  }

  /** Adds a message. */
  add(message: Posted): void {
    this.#waiting.add(message);
    this.#bytes += message.data.length;
  }

  /** Forgets a message that was sent, and closes its descriptors. */
  remove(message: Posted): void {
    if (!this.#waiting.delete(message)) return;
    this.#bytes -= message.data.length;
    closeAll(message.fds);
    if (this.#waiting.size > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Forgets all that waits, and closes the descriptors. */
  drop(error: unknown = new ClosedError("the port was closed before all was sent")): void {
    if (this.#waiting.size > 0) this.#drained?.reject(error);
    this.#drained = undefined;
    for (const message of this.#waiting) this.remove(message);
  }
}
