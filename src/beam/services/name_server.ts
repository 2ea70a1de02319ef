/**
 * The names that an endpoint serves, and what peers make of them.
 *
 * @module
 */

import { ClosedError, isPeerGone } from "../../core/errors.ts";
import type { Fd } from "../../core/fd.ts";
import type { Message } from "../../core/message.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { Beam } from "../beam.ts";
import type { EndpointSettings } from "./endpoint_options.ts";
import { Handlers } from "./handlers.ts";
import { NoServiceError, type Refusal, refuse } from "./no_service.ts";
import { Offers } from "./offers.ts";
import type { BeamSettings } from "../options.ts";
import { ServedChannel } from "./served_channel.ts";
import { channelOver, openChannel, receiveConnection } from "./service_channel.ts";
import type { NamedService } from "./service_connection.ts";

/** Gets the beam that requests for a name are passed on to. */
export type ForwardTarget = (signal: AbortSignal) => Promise<Beam>;

/** A name that is served here, unasked for or not. */
export interface ServedName {
  /** Whether the peer is told of it, too. */
  way: "accepted" | "advertised";
  /** Who serves it. */
  service: NamedService;
}

/** What a name stands for. */
export type NameUse = ServedName | { way: "forwarded"; target: ForwardTarget };

/** Serves names to whoever asks on the beam, until they are taken back. */
export class NameServer {
  /** What the peer has offered. */
  readonly offers: Offers;
  readonly #settings: EndpointSettings;
  readonly #handlers: Handlers;
  readonly #names = new Map<string, NameUse>();
  readonly #channels = new Map<Beam, NameUse>();
  readonly #closing = new AbortController();
  readonly #onIdle: () => void;
  #askers = 0;

  /**
   * Serves nothing yet.
   *
   * @param settings The limits, and whom to tell of errors.
   * @param onIdle Told when the last channel is closed.
   */
  constructor(settings: EndpointSettings, onIdle: () => void) {
    this.#settings = settings;
    this.#handlers = new Handlers(settings);
    this.#onIdle = onIdle;
    this.offers = new Offers(onIdle);
  }

  /** Whether no channel is open, nor on its way to somebody else. */
  get isIdle(): boolean {
    return this.#channels.size === 0 && this.#askers === 0 && this.offers.count === 0;
  }

  /**
   * Serves a name from now on.
   *
   * @param name The name.
   * @param use What it stands for.
   * @returns What takes it back.
   * @throws {TypeError} If the name is taken.
   * @throws {ClosedError} If the endpoint was closed.
   */
  add(name: string, use: NameUse): () => void {
    this.#closing.signal.throwIfAborted();
    if (this.#names.has(name)) throw new TypeError(`the name "${name}" is taken already`);
    this.#names.set(name, use);
    return () => {
      if (this.#names.get(name) !== use) return;
      this.#names.delete(name);
      for (const [channel, its] of this.#channels) if (its === use) channel.close();
    };
  }

  /** Advertises on a new beam what there is to advertise. */
  advertiseAll(beam: Beam): void {
    for (const use of this.#names.values()) if (use.way === "advertised") this.advertise(beam, use);
  }

  /**
   * Offers a name, and serves what connections come.
   *
   * @param beam The peer's.
   * @param use A name that is advertised.
   * @returns When that has ended; it does not fail.
   */
  async advertise(beam: Beam, use: ServedName): Promise<void> {
    const { name } = use.service;
    const { signal } = this.#closing;
    try {
      using channel = await openChannel(beam, name, signal);
      if (this.#names.get(name) !== use) return;
      this.#channels.set(channel, use);
      try {
        for (;;) await this.#serveNext(channel, use.service, beam.settings);
      } finally {
        this.#channels.delete(channel);
      }
    } catch (error) {
      const isRefused = error instanceof NoServiceError && error.reason !== "unanswered";
      if (isRefused || !hasEnded(error)) this.#settings.onError(error, name);
    } finally {
      this.#onIdle();
    }
  }

  async #serveNext(channel: Beam, service: NamedService, settings: BeamSettings): Promise<void> {
    const { signal } = this.#closing;
    let connection: UnixSocket;
    try {
      connection = await receiveConnection(channel, service.name, signal);
    } catch (error) {
      if (!channel.isOpen || hasEnded(error)) throw error;
      this.#settings.onError(error, service.name);
      return;
    }
    let leave: () => void;
    try {
      leave = await this.#handlers.takePlace(signal);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#handlers.serve(connection, leave, service, settings);
  }

  /**
   * Takes what has come on the beam.
   *
   * @param message The message, with the far end of a private channel; one without is skipped.
   * @param beam The beam.
   */
  onMessage(message: Message, beam: Beam): void {
    using received = message;
    const fd = received.takeFd();
    if (!fd) return;
    const name = received.text;
    const use = this.#names.get(name);
    const isOffer = this.#settings.offers && (use === undefined || use.way === "advertised");
    const refusal = isOffer ? this.#refusalOfOffer(name) : this.#refusalOf(use);
    if (use?.way === "forwarded" && !refusal) {
      this.#passOn(received.data, fd, use.target, name, beam.settings);
      return;
    }
    let channel: Beam;
    try {
      channel = channelOver(fd, beam.settings);
    } catch (error) {
      this.#settings.onError(error, name);
      return;
    }
    if (refusal) refuse(channel, refusal);
    else if (isOffer) this.offers.keep(name, channel);
    else this.#answer(channel, use as ServedName, beam.settings);
  }

  #refusalOfOffer(name: string): Refusal | undefined {
    const { offers } = this;
    return offers.count < this.#settings.maxOffers || offers.has(name) ? undefined : "busy";
  }

  #refusalOf(use: NameUse | undefined): Refusal | undefined {
    if (use === undefined) return "unknown";
    return this.#askers < this.#settings.maxChannels ? undefined : "busy";
  }

  async #answer(channel: Beam, use: ServedName, settings: BeamSettings): Promise<void> {
    const { service } = use;
    this.#askers++;
    this.#channels.set(channel, use);
    try {
      await new ServedChannel(channel, service, this.#handlers, settings).run();
    } catch (error) {
      this.#settings.onError(error, service.name);
    }
    this.#channels.delete(channel);
    this.#askers--;
    this.#onIdle();
  }

  /** The far end goes on as it came: nobody asks here any more, and the middle is out of the way. */
  async #passOn(
    data: Uint8Array<ArrayBuffer>,
    fd: Fd,
    target: ForwardTarget,
    name: string,
    settings: BeamSettings,
  ): Promise<void> {
    const { signal } = this.#closing;
    using sent = fd;
    this.#askers++;
    try {
      const beam = await target(signal);
      checkSameFraming(settings, beam.settings);
      await beam.send(data, sent, { signal });
    } catch (error) {
      if (!signal.aborted) this.#settings.onError(error, name);
    }
    this.#askers--;
    this.#onIdle();
  }

  /** Closes all channels and offers; connections stay with their handlers. */
  close(): void {
    this.#closing.abort(new ClosedError("the endpoint was closed"));
    for (const channel of this.#channels.keys()) channel.close();
    this.offers.close();
    this.#names.clear();
  }
}

/** Whether a channel has come to an end that is nobody's fault. */
function hasEnded(error: unknown): boolean {
  return error instanceof NoServiceError || error instanceof ClosedError || isPeerGone(error);
}

/**
 * Makes sure that who asks on one beam and who answers on another understand each other.
 *
 * @param from How the beam speaks that requests come from.
 * @param to How the beam speaks that they are passed on to.
 * @throws {TypeError} If only one of them is framed.
 */
export function checkSameFraming(from: BeamSettings, to: BeamSettings): void {
  if (from.framed === to.framed) return;
  throw new TypeError("a channel cannot be passed on from a beam with frames to one without, nor the other way round");
}
