/**
 * Receiving messages in the order of asking, and waiting for them.
 *
 * @module
 */

import { areOthersDue, countOperations, letOthersRun } from "../core/fairness.ts";
import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import { Turns } from "../core/turns.ts";
import { BeamError, descriptorsLost } from "./errors.ts";
import type { BeamSettings } from "./options.ts";
import { type IncomingWire, OTHERS_FIRST } from "./wires/wire.ts";

/** So many messages may be skipped, one after the other, before timers and other I/O have their turn. */
const SKIPPED_IN_A_ROW = 128;

/** A large payload counts as one more operation for each so many bytes. */
const BYTES_PER_OPERATION = 65536;

/** What the receiving side needs of its beam. */
export interface ReceivingOwner {
  /** Throws if the beam cannot be used any more. */
  checkOpen(): void;
  /** Ends the beam, of which nothing can be expected any more. */
  fail(error: BeamError): void;
}

/** The receiving side of a beam. */
export class Receiving {
  readonly #socket: UnixSocket;
  readonly #wire: IncomingWire;
  readonly #skipsWithoutFd: boolean;
  readonly #owner: ReceivingOwner;
  readonly #turns = new Turns();

  /**
   * Prepares for receiving.
   *
   * @param socket The socket, which stays the beam's.
   * @param wire What messages look like on it.
   * @param settings Whether messages are skipped.
   * @param owner The beam.
   */
  constructor(socket: UnixSocket, wire: IncomingWire, settings: BeamSettings, owner: ReceivingOwner) {
    this.#socket = socket;
    this.#wire = wire;
    this.#skipsWithoutFd = settings.skipWithoutFd;
    this.#owner = owner;
  }

  /**
   * Receives a message, waiting for its turn and for the message if need be.
   *
   * @param buffer Memory that a large payload may be put into.
   * @param signal Ends the wait with its reason.
   * @returns The message, or null at the end.
   */
  receive(
    buffer: Uint8Array<ArrayBuffer> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Message | null> {
    let othersFirst = areOthersDue();
    if (this.#turns.isFree && !othersFirst && !signal?.aborted) {
      try {
        const message = this.#attempt(buffer);
        if (message === OTHERS_FIRST) othersFirst = true;
        else if (message !== undefined) return Promise.resolve(message);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.#turns.run(async () => {
      try {
        if (othersFirst) await letOthersRun(signal);
        for (;;) {
          const message = this.#attempt(buffer);
          if (message === OTHERS_FIRST) await letOthersRun(signal);
          else if (message !== undefined) return message;
          else await this.#socket.ready("readable", { signal });
        }
      } finally {
        if (buffer) this.#wire.leaveBuffer();
      }
    }, signal);
  }

  /**
   * Receives a message that is there.
   *
   * @param buffer Memory that a large payload may be put into.
   * @returns The message, null at the end, or `undefined` if there is none yet
   * but for those who wait.
   */
  tryReceive(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined {
    this.#owner.checkOpen();
    // What is read ahead here would not wake those who wait: the socket is empty then.
    if (!this.#turns.isFree) return undefined;
    const message = this.#attempt(buffer);
    return message === OTHERS_FIRST ? undefined : message;
  }

  #attempt(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined | typeof OTHERS_FIRST {
    for (let skipped = 0; skipped < SKIPPED_IN_A_ROW;) {
      this.#owner.checkOpen();
      const message = this.#take(buffer);
      if (!message || message === OTHERS_FIRST) return message;
      const more = Math.floor(message.data.length / BYTES_PER_OPERATION);
      countOperations(more);
      skipped += 1 + more;
      if (message.fdsLost) {
        message[Symbol.dispose]();
        throw descriptorsLost(message.data);
      }
      if (!this.#skipsWithoutFd || message.fds.length > 0 || message.controlTruncated) return message;
      message[Symbol.dispose]();
    }
    return OTHERS_FIRST;
  }

  #take(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined | typeof OTHERS_FIRST {
    try {
      return this.#wire.tryReceive(buffer);
    } catch (error) {
      // The kernel keeps packets apart, whatever is wrong with one.
      const goesOn = this.#socket.type === "seqpacket" && error instanceof BeamError && error.code === "too-large";
      if (error instanceof BeamError && !goesOn) this.#owner.fail(error);
      throw error;
    }
  }
}
