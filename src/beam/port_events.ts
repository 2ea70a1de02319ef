/**
 * What a port tells.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";

/** A message that came through a port, or what was wrong with one. */
export class BeamMessageEvent extends MessageEvent<unknown> {
  readonly #message: Message | undefined;

  /**
   * Describes what came.
   *
   * @param type `"message"`, with a value as its data, or `"messageerror"`, with an error.
   * @param data The value or the error.
   * @param message Where the descriptors are, if any came; stays the caller's.
   */
  constructor(type: "message" | "messageerror", data: unknown, message?: Message) {
    super(type, { data });
    this.#message = message;
  }

  /** The descriptors that came along and were not taken; they are closed once all listeners have returned. */
  get fds(): readonly Fd[] {
    return this.#message?.fds ?? [];
  }

  /**
   * Hands the descriptors over to the caller.
   *
   * @returns All that came along and were not taken.
   */
  takeFds(): Fd[] {
    return this.#message?.takeFds() ?? [];
  }

  /**
   * Hands the first descriptor over to the caller, and closes any others.
   *
   * @returns The descriptor, or `undefined` if there is none.
   */
  takeFd(): Fd | undefined {
    return this.#message?.takeFd();
  }
}

/** The end of a port. */
export class BeamCloseEvent extends Event {
  /** What ended it, or `undefined` if either side closed it and nothing was lost. */
  readonly error: unknown;

  /**
   * Describes the end.
   *
   * @param error What ended it.
   */
  constructor(error: unknown) {
    super("close");
    this.error = error;
  }
}

/** The events of a port, by their types. */
export interface BeamPortEvents {
  /** A message. */
  message: BeamMessageEvent;
  /** What came was no value, or its descriptors were lost; the error is the event's `data`. */
  messageerror: BeamMessageEvent;
  /** The port was closed, by whatever side. */
  close: BeamCloseEvent;
}
