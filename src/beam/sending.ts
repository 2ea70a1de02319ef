/**
 * Sending messages one after the other, and waiting for room.
 *
 * @module
 */

import { ClosedError } from "../core/errors.ts";
import { areOthersDue, letOthersRun } from "../core/fairness.ts";
import type { Fd } from "../core/fd.ts";
import type { UnixSocket } from "../core/socket.ts";
import { Turns } from "../core/turns.ts";
import { BeamError } from "./errors.ts";
import type { BeamSettings } from "./options.ts";
import type { OutgoingWire, SendState } from "./wires/wire.ts";

/** How long a message waits for room in the shared memory before it goes through the socket, in milliseconds. */
const MEMORY_PATIENCE_MS = 0.2;

const DONE = Promise.resolve();

/** The sending side of a beam. */
export class Sending {
  readonly #socket: UnixSocket;
  readonly #wire: OutgoingWire;
  readonly #sendBuffer: number;
  readonly #checkOpen: () => void;
  readonly #turns = new Turns();
  #failure: BeamError | undefined;
  #hasAskedForRoom = false;

  /**
   * Prepares for sending.
   *
   * @param socket The socket, which stays the beam's.
   * @param wire What messages look like on it.
   * @param settings The size of the send buffer.
   * @param checkOpen Throws if the beam cannot be used any more.
   */
  constructor(socket: UnixSocket, wire: OutgoingWire, settings: BeamSettings, checkOpen: () => void) {
    this.#socket = socket;
    this.#wire = wire;
    this.#sendBuffer = settings.sendBuffer;
    this.#checkOpen = checkOpen;
  }

  /**
   * Sends a message, waiting for its turn and for room if need be.
   *
   * @param payload The payload.
   * @param fds The descriptors, which stay the caller's.
   * @param signal Ends the wait with its reason.
   * @returns A promise without a value, when the kernel has all of it.
   */
  send(payload: Uint8Array<ArrayBuffer>, fds: readonly Fd[], signal: AbortSignal | undefined): Promise<void> {
    const othersFirst = areOthersDue();
    if (!this.#turns.isFree || othersFirst || signal?.aborted) {
      return this.#turns.run(async () => {
        if (othersFirst) await letOthersRun(signal);
        await this.#finish(this.#advance(() => this.#wire.begin(payload, fds)), signal);
      }, signal);
    }
    try {
      const state = this.#advance(() => this.#wire.begin(payload, fds));
      return state === "sent" ? DONE : this.#turns.run(() => this.#finish(state, signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #finish(begun: SendState, signal?: AbortSignal): Promise<void> {
    let fullSince = performance.now();
    for (let state = begun; state !== "sent"; state = this.#advance(() => this.#wire.proceed())) {
      try {
        if (state === "memory full" && performance.now() - fullSince <= MEMORY_PATIENCE_MS) {
          await letOthersRun(signal);
          continue;
        }
        if (state === "memory full") this.#wire.avoidMemory();
        else if (!this.#raiseSendBuffer()) await this.#socket.ready("writable", { signal });
        fullSince = performance.now();
      } catch (error) {
        this.#giveUp("was given up");
        // The socket does not know why it was closed.
        if (error instanceof ClosedError) this.#checkOpen();
        throw error;
      }
    }
  }

  /**
   * More room is worth more than a wake-up for every few hundred messages; it is
   * asked for once, by those who fill what there is.
   */
  #raiseSendBuffer(): boolean {
    if (this.#hasAskedForRoom || this.#sendBuffer === 0) return false;
    this.#hasAskedForRoom = true;
    if (this.#socket.getOption("sendBuffer") >= 2 * this.#sendBuffer) return false;
    this.#socket.setOption("sendBuffer", this.#sendBuffer);
    return true;
  }

  #advance(step: () => SendState): SendState {
    this.#checkOpen();
    if (this.#failure) throw this.#failure;
    try {
      return step();
    } catch (error) {
      this.#giveUp("failed");
      throw error;
    }
  }

  /** After half a message the receiver could make nothing of what follows: it is told that nothing does. */
  #giveUp(how: string): void {
    const isHalfSent = this.#wire.isWithinMessage;
    this.#wire.drop();
    if (!isHalfSent) return;
    this.#failure = new BeamError("cut-off", `the sending of a message ${how} halfway; nothing can be sent any more`);
    // Whoever gave up because the beam was closed has nothing to shut down.
    if (this.#socket.fd.isOpen) this.#socket.shutdown("write");
  }
}
