/**
 * Connections to one name, one after the other.
 *
 * @module
 */

import { ClosedError, isPeerGone } from "../../core/errors.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { Beam } from "../beam.ts";
import type { BeamLink } from "./beam_link.ts";
import { NoServiceError } from "./no_service.ts";
import type { Offers } from "./offers.ts";
import { openChannel, receiveConnection } from "./service_channel.ts";

/** How long a channel that has given a connection before is waited for, before another one is opened. */
const CHANNEL_PATIENCE_MS = 1000;

/** Gets connections: from an offer, on the private channel of the one before, or through the beam. */
export class ServiceDialler implements Disposable {
  readonly #name: string;
  readonly #link: BeamLink;
  readonly #offers: Offers | undefined;
  #channel: Beam | undefined;

  /**
   * Prepares for a name.
   *
   * @param name The name.
   * @param link Through which to ask.
   * @param offers What the peer has offered, if offers are taken.
   */
  constructor(name: string, link: BeamLink, offers: Offers | undefined) {
    this.#name = name;
    this.#link = link;
    this.#offers = offers;
  }

  /**
   * Gets a connection.
   *
   * @param signal Ends the wait with its reason.
   * @returns The connection, the caller's.
   * @throws {NoServiceError} If there is none to be had.
   * @throws {BeamError} `"descriptors-lost"` at the limit of descriptors, `"too-large"` for a long name.
   * @throws {SystemError} EMFILE, ETOOMANYREFS; ENOTSOCK or EAFNOSUPPORT if what came is no Unix socket.
   */
  async connect(signal: AbortSignal): Promise<UnixSocket> {
    return await this.#offers?.push(this.#name, signal) ??
      await this.#askAgain(signal) ??
      await this.#askUnlessOffered(signal);
  }

  /** A service that keeps its channels need not be reached through the beam again, which may have ended. */
  async #askAgain(signal: AbortSignal): Promise<UnixSocket | undefined> {
    if (!this.#channel) return;
    const patience = AbortSignal.any([signal, AbortSignal.timeout(CHANNEL_PATIENCE_MS)]);
    try {
      await this.#channel.send(this.#name, [], { signal: patience });
      return await receiveConnection(this.#channel, this.#name, patience);
    } catch (error) {
      signal.throwIfAborted();
      const isAnotherWorthIt = patience.aborted || isPeerGone(error) || error instanceof NoServiceError;
      if (!isAnotherWorthIt) throw error;
      this.#drop();
    }
  }

  /** An offer that comes meanwhile is as good as an answer, which may never come from whoever only offers. */
  async #askUnlessOffered(signal: AbortSignal): Promise<UnixSocket> {
    const offers = this.#offers;
    if (!offers) return await this.#ask(signal);
    for (;;) {
      const offered = new AbortController();
      using _told = offers.onOffered(this.#name, () => offered.abort());
      try {
        // One may have come since the offers were looked at, and nobody tells of it again.
        if (!offers.has(this.#name)) return await this.#ask(AbortSignal.any([signal, offered.signal]));
      } catch (error) {
        signal.throwIfAborted();
        if (!offered.signal.aborted) throw error;
      }
      const connection = await offers.push(this.#name, signal);
      if (connection) return connection;
    }
  }

  async #ask(signal: AbortSignal): Promise<UnixSocket> {
    this.#drop();
    const channel = await this.#open(signal);
    try {
      const connection = await receiveConnection(channel, this.#name, signal);
      this.#channel = channel;
      return connection;
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  async #open(signal: AbortSignal): Promise<Beam> {
    const beam = await this.#current(signal);
    try {
      return await openChannel(beam, this.#name, signal);
    } catch (error) {
      if (!isPeerGone(error) && (beam.isOpen || signal.aborted)) throw error;
      // The link sees the end itself, but perhaps not before the next try.
      beam.close();
      throw new NoServiceError(this.#name, "unanswered", error);
    }
  }

  async #current(signal: AbortSignal): Promise<Beam> {
    try {
      return await this.#link.current(signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof ClosedError)) throw error;
      throw new NoServiceError(this.#name, "ended", error);
    }
  }

  #drop(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Closes the channel. */
  [Symbol.dispose](): void {
    this.#drop();
  }
}
