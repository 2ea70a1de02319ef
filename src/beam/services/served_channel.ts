/**
 * The private channel of somebody who has asked for a name, at the end that serves it.
 *
 * @module
 */

import { ClosedError, isPeerGone } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { Beam } from "../beam.ts";
import { BeamError } from "../errors.ts";
import type { Handlers } from "./handlers.ts";
import type { BeamSettings } from "../options.ts";
import type { NamedService } from "./service_connection.ts";

const encoder = new TextEncoder();

/** Sends one connection unasked, and one more for each message that names the name again. */
export class ServedChannel {
  readonly #channel: Beam;
  readonly #service: NamedService;
  readonly #handlers: Handlers;
  readonly #settings: BeamSettings;
  readonly #gone = new AbortController();
  #asked = 1;
  #onAsked: () => void = () => {};

  /**
   * Prepares for answering.
   *
   * @param channel The channel; closed at the end of {@linkcode run}.
   * @param service The name that was asked for, and who handles the connections.
   * @param handlers Where they are handled.
   * @param settings How beams over them are to speak.
   */
  constructor(channel: Beam, service: NamedService, handlers: Handlers, settings: BeamSettings) {
    this.#channel = channel;
    this.#service = service;
    this.#handlers = handlers;
    this.#settings = settings;
  }

  /**
   * Answers until the channel is closed, at either end.
   *
   * @returns A promise without a value.
   * @throws {BeamError} `"protocol"` for a message that is something else than the name.
   * @throws {SystemError} EMFILE, ETOOMANYREFS.
   */
  async run(): Promise<void> {
    using _closedAtTheEnd = this.#channel;
    const results = await Promise.allSettled([this.#listen(), this.#answer()]);
    for (const result of results) {
      if (result.status === "fulfilled" || result.reason === this.#gone.signal.reason) continue;
      if (!(result.reason instanceof ClosedError) && !isPeerGone(result.reason)) throw result.reason;
    }
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        using message = await this.#channel.receive({ signal: this.#gone.signal });
        if (message === null) return;
        this.#asked += countAsked(message, this.#service.name);
        this.#onAsked();
      }
    } finally {
      // Nobody is left to take a connection: none of them is to wait for a place any more.
      this.#gone.abort();
      this.#onAsked();
    }
  }

  async #answer(): Promise<void> {
    try {
      while (!this.#gone.signal.aborted) {
        if (this.#asked === 0) await new Promise<void>((resolve) => this.#onAsked = resolve);
        else {
          this.#asked--;
          await this.#sendConnection();
        }
      }
    } finally {
      this.#gone.abort();
    }
  }

  async #sendConnection(): Promise<void> {
    const { signal } = this.#gone;
    const leave = await this.#handlers.takePlace(signal);
    let connection: UnixSocket;
    try {
      connection = await this.#channel.sendConnection(this.#service.name, { signal });
    } catch (error) {
      leave();
      throw error;
    }
    this.#handlers.serve(connection, leave, this.#service, this.#settings);
  }
}

/**
 * Counts the connections that a message asks for.
 *
 * @param message What came on the channel. Without frames, several that follow
 * each other may be glued together.
 * @param name What each of them has to be.
 * @returns How many.
 * @throws {BeamError} `"protocol"` for anything else.
 */
function countAsked(message: Message, name: string): number {
  const wanted = encoder.encode(name);
  const { data } = message;
  const isRepeated = data.length > 0 && data.length % wanted.length === 0 &&
    data.every((byte, at) => byte === wanted[at % wanted.length]);
  if (isRepeated) return data.length / wanted.length;
  throw new BeamError("protocol", `something else than "${name}" on the private channel of that name`);
}
