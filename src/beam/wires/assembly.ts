/**
 * A message that arrives in several parts.
 *
 * @module
 */

import type { Credentials } from "../../core/credentials.ts";
import { closeAll, type Fd } from "../../core/fd.ts";
import { Message } from "../../core/message.ts";
import { BeamError } from "../errors.ts";
import type { BeamSettings } from "../options.ts";

const NOTHING = new Uint8Array();

/** Puts messages together, one after the other; owner of the descriptors of the one that is not complete. */
export class Assembly implements Disposable {
  readonly #settings: BeamSettings;
  #fds: Fd[] = [];
  #surplus = 0;
  #lost = false;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #offered: Uint8Array<ArrayBuffer> | undefined;
  #isInOffered = false;
  /** Who sent the last of it, if the socket's `passCredentials` option is on. */
  credentials: Credentials | undefined;

  /**
   * Begins without anything.
   *
   * @param settings The limits of messages.
   */
  constructor(settings: BeamSettings) {
    this.#settings = settings;
  }

  /** Whether nothing has come of the next message. */
  get isEmpty(): boolean {
    return this.#payload === undefined && this.#fds.length === 0 && this.#surplus === 0 && !this.#lost;
  }

  /** Whether a payload has begun. */
  get hasBegun(): boolean {
    return this.#payload !== undefined;
  }

  /** Whether all of the payload is there. */
  get isComplete(): boolean {
    return this.#payload !== undefined && this.#filled === this.#payload.length;
  }

  /**
   * Adds descriptors; what is beyond the limit is closed.
   *
   * @param fds The descriptors; the assembly's from now on.
   */
  addFds(fds: readonly Fd[]): void {
    for (const fd of fds) {
      if (this.#fds.length < this.#settings.maxFds) this.#fds.push(fd);
      else {
        closeAll([fd]);
        this.#surplus++;
      }
    }
  }

  /** Notes that descriptors were lost on their way. */
  loseFds(): void {
    this.#lost = true;
  }

  /**
   * Offers memory of the caller's for the next payload that begins.
   *
   * @param buffer The memory; nothing takes the offer back.
   */
  offer(buffer: Uint8Array<ArrayBuffer> | undefined): void {
    this.#offered = buffer;
  }

  /** Leaves memory of the caller's, who will wait no longer. */
  leaveOffered(): void {
    this.#offered = undefined;
    if (this.#isInOffered) this.#payload = this.#payload!.slice();
    this.#isInOffered = false;
  }

  /**
   * Begins the payload, or goes on with it.
   *
   * @param total The bytes it has in all, as each part says.
   * @throws {BeamError} If it is too large, or if the parts do not agree.
   */
  begin(total: number): void {
    if (total > this.#settings.maxBytes) throw tooLarge(total, this.#settings.maxBytes);
    if (this.#payload === undefined) this.#payload = this.#memoryFor(total);
    else if (this.#payload.length !== total) {
      throw new BeamError("protocol", `a message of ${this.#payload.length} bytes has a part of one of ${total}`);
    }
  }

  #memoryFor(total: number): Uint8Array<ArrayBuffer> {
    const offered = this.#offered;
    this.#offered = undefined;
    this.#isInOffered = offered !== undefined && total <= offered.length;
    return this.#isInOffered ? offered!.subarray(0, total) : total === 0 ? NOTHING : new Uint8Array(total);
  }

  /**
   * Shows the place of the next bytes.
   *
   * @param length How many.
   * @returns The place.
   * @throws {BeamError} If the payload has no room for so many.
   */
  peek(length: number): Uint8Array<ArrayBuffer> {
    const end = this.#filled + length;
    if (end > this.#payload!.length) {
      throw new BeamError("protocol", `${end} bytes for a message of ${this.#payload!.length}`);
    }
    return this.#payload!.subarray(this.#filled, end);
  }

  /**
   * Gives the place of the next bytes, for the caller to fill; what follows goes behind it.
   *
   * @param length How many.
   * @returns The place.
   * @throws {BeamError} If the payload has no room for so many.
   */
  next(length: number): Uint8Array<ArrayBuffer> {
    const place = this.peek(length);
    this.#filled += length;
    return place;
  }

  /**
   * Ends the message; the next one begins.
   *
   * @param payload Its bytes, if they were there in one piece.
   * @returns The message, owner of its descriptors.
   */
  finish(payload: Uint8Array<ArrayBuffer> = this.#payload!): Message {
    const message = new Message({
      data: payload,
      length: payload.length,
      truncated: false,
      controlTruncated: this.#lost || this.#surplus > 0,
      fdsLost: this.#lost,
      fds: this.#fds,
      credentials: this.credentials,
    });
    this.#reset();
    return message;
  }

  #reset(): void {
    this.#fds = [];
    this.#surplus = 0;
    this.#lost = false;
    this.#payload = undefined;
    this.#isInOffered = false;
    this.#filled = 0;
  }

  /** Closes the descriptors of what was not complete. */
  [Symbol.dispose](): void {
    closeAll(this.#fds);
    this.#reset();
  }
}

/**
 * The error for a message above the limit.
 *
 * @param length Its bytes.
 * @param limit The most that are allowed.
 * @returns The error.
 */
export function tooLarge(length: number, limit: number): BeamError {
  return new BeamError("too-large", `a message of ${length} bytes; maxBytes is ${limit}`);
}
