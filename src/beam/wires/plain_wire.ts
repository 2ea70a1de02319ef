/**
 * Messages as Docker's beam has them: one sendmsg(2) each, on a stream.
 *
 * The stream itself knows of no boundaries; a read ends behind the bytes that
 * descriptors came with, and that is all there is. So messages with a descriptor
 * arrive one by one, while one without may be glued to the front of the next.
 *
 * @module
 */

import type { Fd } from "../../core/fd.ts";
import type { Message } from "../../core/message.ts";
import type { UnixSocket } from "../../core/socket.ts";
import { MAX_MESSAGES } from "../../core/receive_now.ts";
import { tooLarge } from "./assembly.ts";
import { BeamError } from "../errors.ts";
import type { BeamSettings } from "../options.ts";
import type { IncomingWire, OutgoingWire, SendState } from "./wire.ts";

/** What the kernel carries in one piece even with the smallest send buffer. */
const ALWAYS_WHOLE_BYTES = 2048;

/** Sends as `Send` of Docker's beam does. */
export class PlainOutgoing implements OutgoingWire {
  /** A message is sent whole, or not at all. */
  readonly isWithinMessage = false;
  readonly #socket: UnixSocket;
  readonly #maxBytes: number;
  #data: Uint8Array<ArrayBuffer> | undefined;
  #options: { fds: readonly Fd[] } | undefined;
  #wholeBytes = ALWAYS_WHOLE_BYTES;

  /**
   * Prepares for sending.
   *
   * @param socket A stream socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    this.#socket = socket;
    this.#maxBytes = settings.maxBytes;
  }

  begin(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): SendState {
    if (data.length > this.#maxBytes) throw tooLarge(data.length, this.#maxBytes);
    if (fds.length > 1) throw new RangeError(`${fds.length} descriptors; without frames a message carries one`);
    if (data.length === 0) {
      throw new RangeError("a stream without frames carries no empty message: the kernel would send nothing");
    }
    if (data.length > this.#wholeBytes) this.#checkSendBuffer(data.length);
    this.#data = data;
    this.#options = fds.length > 0 ? { fds } : undefined;
    return this.proceed();
  }

  proceed(): SendState {
    const data = this.#data!;
    const sent = this.#socket.trySend(data, this.#options);
    if (sent === undefined) return "socket full";
    this.drop();
    if (sent === data.length) return "sent";
    throw new BeamError("cut-off", `the kernel took ${sent} of the ${data.length} bytes of a message`);
  }

  /** What has more than half the send buffer is taken apart by the kernel, and its rest would pass for another message. */
  #checkSendBuffer(length: number): void {
    const sendBuffer = this.#socket.getOption("sendBuffer");
    this.#wholeBytes = Math.max(ALWAYS_WHOLE_BYTES, Math.floor(sendBuffer / 2) - 64);
    if (length <= this.#wholeBytes) return;
    throw new BeamError(
      "too-large",
      `a message of ${length} bytes; with a send buffer of ${sendBuffer} the kernel keeps ${this.#wholeBytes} together`,
    );
  }

  avoidMemory(): void {}

  drop(): void {
    this.#data = undefined;
    this.#options = undefined;
  }

  [Symbol.dispose](): void {
    this.drop();
  }
}

/** Receives as `Receive` of Docker's beam does. */
export class PlainIncoming implements IncomingWire {
  readonly usesMemory = false;
  readonly #socket: UnixSocket;
  readonly #maxBytes: number;
  readonly #limits: { maxBytes: number; maxFds: number; maxMessages: number };
  #waiting: Message[] = [];
  #next = 0;

  /**
   * Prepares for receiving.
   *
   * @param socket A stream socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    this.#socket = socket;
    this.#maxBytes = settings.maxBytes;
    this.#limits = {
      // One byte more tells a message that is too large from one that just fits.
      maxBytes: settings.maxBytes + 1,
      maxFds: settings.maxFds,
      maxMessages: settings.readAhead ? MAX_MESSAGES : 1,
    };
  }

  tryReceive(): Message | null | undefined {
    if (this.#next === this.#waiting.length) {
      const messages = this.#socket.tryReceiveMany(this.#limits);
      // What was taken is let go of, however long the next message takes.
      this.#waiting = messages ?? [];
      this.#next = 0;
      if (messages === undefined) return undefined;
      if (messages.length === 0) return null;
    }
    const message = this.#waiting[this.#next++];
    if (message.data.length <= this.#maxBytes) return message;
    message[Symbol.dispose]();
    throw new BeamError(
      "too-large",
      `more than ${this.#maxBytes} bytes arrived at once: a message above maxBytes, ` +
        "or several without descriptors that the stream has glued together; frames keep them apart",
    );
  }

  leaveBuffer(): void {}

  get isAhead(): boolean {
    return this.#next < this.#waiting.length;
  }

  [Symbol.dispose](): void {
    for (const message of this.#waiting.slice(this.#next)) message[Symbol.dispose]();
    this.#waiting = [];
    this.#next = 0;
  }
}
