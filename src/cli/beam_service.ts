/**
 * What `ipcx beam listen` does with those who connect and with their messages.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { Beam } from "../beam/beam.ts";
import { BeamError } from "../beam/errors.ts";
import type { BeamOptions } from "../beam/options.ts";
import type { Credentials } from "../core/credentials.ts";
import { delay } from "../core/delay.ts";
import { ClosedError, isPeerGone } from "../core/errors.ts";
import type { UnixListener } from "../core/listener.ts";
import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import type { BeamCommands } from "./beam_commands.ts";
import { messageOf } from "./beam_text.ts";
import { Semaphore } from "../core/semaphore.ts";

/** How long nobody is accepted after that has failed, most likely at the limit of descriptors. */
const PAUSE_MS = 100;

/** What the service does. */
export interface BeamServiceOptions {
  /** How messages are written. */
  wire: BeamOptions;
  /** Makes a line of a message, where no command is run. */
  line: (message: Message, peer: Credentials) => string;
  /** Prints a line, until the signal; one at a time. */
  print: (line: string, signal: AbortSignal) => Promise<void>;
  /** Runs a command for each message. */
  commands?: BeamCommands;
  /** How many connections there may be at a time. */
  maxClients: number;
  /** After how many messages it is done; 0 for never. */
  count: number;
  /** How long a connection may be silent, in milliseconds; `undefined` for ever. */
  timeout?: number;
}

/** Accepts connections and takes their messages. */
export class BeamService {
  readonly #options: BeamServiceOptions;
  readonly #places: Semaphore;
  readonly #printer = new Semaphore(1);
  readonly #stop = new AbortController();
  readonly #listeners: UnixListener[] = [];
  readonly #beams = new Set<Beam>();
  readonly #finished = Promise.withResolvers<void>();
  #taken = 0;

  /**
   * Prepares the service.
   *
   * @param options What it does.
   */
  constructor(options: BeamServiceOptions) {
    this.#options = options;
    this.#places = new Semaphore(options.maxClients);
  }

  /** Settled when all messages that were asked for have been dealt with, or when nothing can be printed any more. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** How many messages were taken. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Accepts connections until the service is stopped.
   *
   * @param listener Where; closed when the service is stopped.
   */
  listen(listener: UnixListener): void {
    this.#listeners.push(listener);
    this.#accept(listener).catch((error) => this.#stop.signal.aborted || this.#finished.reject(error));
  }

  /** Takes no more: nobody is let in, and every connection is closed. */
  stop(): void {
    this.#stop.abort();
    for (const listener of this.#listeners) listener.close();
    for (const beam of this.#beams) beam.close();
  }

  async #accept(listener: UnixListener): Promise<never> {
    const { signal } = this.#stop;
    for (;;) {
      const leave = await this.#places.take(signal);
      try {
        const socket = await listener.accept({ signal });
        this.#serve(socket).catch((error) => getLogger("beam").error("fault", { error: error.stack })).finally(leave);
      } catch (error) {
        leave();
        signal.throwIfAborted();
        getLogger("beam").warn("accept failed", { error: (error as Error).message });
        await delay(PAUSE_MS, signal);
      }
    }
  }

  async #serve(socket: UnixSocket): Promise<void> {
    const log = getLogger("beam");
    const peer = socket.peerCredentials;
    // What is not received yet stays with its sender, so that it has to wait.
    using beam = new Beam(socket, { ...this.#options.wire, readAhead: false });
    this.#beams.add(beam);
    log.debug("connected", { ...peer });
    try {
      while (await this.#takeOne(beam, peer));
    } catch (error) {
      if (this.#stop.signal.aborted || error instanceof ClosedError) return;
      if (isPeerGone(error)) log.debug("reset by the peer", { ...peer });
      else log.warn("connection closed", { ...peer, error: messageOf(error) });
    } finally {
      this.#beams.delete(beam);
      log.debug("disconnected", { ...peer });
    }
  }

  /** Takes a message; whether there may be another one. */
  async #takeOne(beam: Beam, peer: Credentials): Promise<boolean> {
    let message: Message | null;
    try {
      message = await this.#receive(beam);
    } catch (error) {
      if (!(error instanceof BeamError) || !beam.isOpen) throw error;
      getLogger("beam").warn("message lost", { ...peer, error: messageOf(error) });
      return true;
    }
    if (message === null) return false;
    using _message = message;
    const { commands, count } = this.#options;
    const { signal } = this.#stop;
    const leave = await (commands ? commands.place(signal) : this.#printer.take(signal));
    if (signal.aborted) {
      leave();
      return false;
    }
    if (commands) commands.start(message, peer, leave);
    else await this.#show(message, peer).finally(leave);
    this.#taken++;
    if (this.#taken !== count) return true;
    this.stop();
    Promise.resolve(commands?.ended()).then(this.#finished.resolve);
    return false;
  }

  async #receive(beam: Beam): Promise<Message | null> {
    const { timeout } = this.#options;
    const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
    try {
      return await beam.receive({ signal });
    } catch (error) {
      if (signal?.aborted) throw new Error(`it was silent for ${timeout} ms (--timeout)`);
      throw error;
    }
  }

  async #show(message: Message, peer: Credentials): Promise<void> {
    const line = this.#options.line(message, peer);
    const { signal } = this.#stop;
    try {
      await this.#options.print(line, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#finished.reject(error);
    }
  }
}
