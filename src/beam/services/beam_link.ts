/**
 * A beam that is made anew when it has broken.
 *
 * @module
 */

import { delay } from "../../core/delay.ts";
import { ClosedError, isPeerGone } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { pauseAfter } from "./backoff.ts";
import type { Beam } from "../beam.ts";
import { BeamError } from "../errors.ts";
import type { BeamSettings } from "../options.ts";

/**
 * Makes a beam to the peer.
 *
 * @param signal Aborted when the beam is not wanted any more.
 * @returns The beam, which is the endpoint's from then on.
 */
export type BeamSource = (signal: AbortSignal) => Promise<Beam>;

/** How to come by the next beam. */
export interface LinkOptions {
  /** How many tries may fail in a row. */
  attempts: number;
  /** The longest pause between two tries, in milliseconds. */
  longestPause: number;
}

/** What a link tells its owner, who does not throw. */
export interface LinkOwner {
  /** There is a beam. */
  onBeam(beam: Beam): void;
  /** A message has come, whose descriptors are the owner's. */
  onMessage(message: Message, beam: Beam): void;
  /** Something went wrong; the link goes on. */
  onError(error: unknown): void;
  /** There will be no more beams, nor messages. */
  onEnd(): void;
}

interface Waiter {
  resolve(beam: Beam): void;
  reject(reason: unknown): void;
}

/** Keeps a beam, receives what comes on it, and makes the next one if it knows how. */
export class BeamLink {
  readonly #owner: LinkOwner;
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<Waiter>();
  #beam: Beam | undefined;
  #settings: BeamSettings | undefined;
  #end: ClosedError | undefined;

  /**
   * Begins.
   *
   * @param source The beam, the link's from now on, or what makes one.
   * @param options How to come by the next.
   * @param owner Who is told.
   */
  constructor(source: Beam | BeamSource, options: LinkOptions, owner: LinkOwner) {
    this.#owner = owner;
    this.#options = options;
    if (typeof source === "function") this.#keepUp(source);
    else {
      this.#take(source);
      this.#receive(source).then((cause) => this.#finish(cause));
    }
  }

  /** The beam, if there is one now. */
  get beam(): Beam | undefined {
    return this.#beam?.isOpen ? this.#beam : undefined;
  }

  /** How the latest beam speaks; `undefined` before the first. */
  get settings(): BeamSettings | undefined {
    return this.#settings;
  }

  /** Whether there is a beam, or may be one again. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /**
   * Gets the beam, waiting for the next one if need be.
   *
   * @param signal Ends the wait with its reason.
   * @returns The beam, which stays the link's.
   * @throws {ClosedError} If there is none, and will be none.
   */
  current(signal: AbortSignal): Promise<Beam> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#end) return Promise.reject(this.#end);
    if (this.beam) return Promise.resolve(this.beam);
    const { promise, resolve, reject } = Promise.withResolvers<Beam>();
    const settle = (): void => {
      this.#waiting.delete(waiter);
      signal.removeEventListener("abort", abort);
    };
    const waiter: Waiter = {
      resolve: (beam) => (settle(), resolve(beam)),
      reject: (reason) => (settle(), reject(reason)),
    };
    const abort = (): void => waiter.reject(signal.reason);
    this.#waiting.add(waiter);
    signal.addEventListener("abort", abort, { once: true });
    return promise;
  }

  /** Closes the beam and makes no other. */
  close(): void {
    this.#stop.abort(new ClosedError("the endpoint was closed"));
    this.#beam?.close();
    this.#finish(undefined);
  }

  async #keepUp(source: BeamSource): Promise<void> {
    const { attempts, longestPause } = this.#options;
    const { signal } = this.#stop;
    let failure: unknown;
    for (let failures = 0; failures < attempts && !signal.aborted;) {
      try {
        await delay(pauseAfter(failures, longestPause), signal);
        const beam = await source(signal);
        const since = performance.now();
        if (signal.aborted) {
          beam.close();
          return;
        }
        this.#take(beam);
        failure = await this.#receive(beam);
        // A peer that goes as soon as it has come must not be asked again and again without a pause.
        failures = performance.now() - since > longestPause ? 0 : failures + 1;
      } catch (error) {
        failure = error;
        failures++;
        if (failures >= attempts && !signal.aborted) this.#owner.onError(error);
      }
    }
    this.#finish(failure);
  }

  #take(beam: Beam): void {
    this.#beam = beam;
    this.#settings = beam.settings;
    for (const waiter of [...this.#waiting]) waiter.resolve(beam);
    this.#owner.onBeam(beam);
  }

  /** Receives until the end, and returns why it ended if that was not in order. */
  async #receive(beam: Beam): Promise<unknown> {
    using _closedAtTheEnd = beam;
    for (;;) {
      try {
        const message = await beam.receive({ signal: this.#stop.signal });
        if (message === null) return;
        this.#owner.onMessage(message, beam);
      } catch (error) {
        if (this.#stop.signal.aborted || error instanceof ClosedError) return;
        if (isPeerGone(error)) return error;
        this.#owner.onError(error);
        // Lost descriptors and packets that are too large spoil no more than themselves.
        if (!(error instanceof BeamError) || !beam.isOpen) return error;
      }
    }
  }

  #finish(cause: unknown): void {
    if (this.#end) return;
    const wasClosed = this.#stop.signal.aborted;
    this.#end = new ClosedError(wasClosed ? "the endpoint was closed" : "the endpoint's beam has ended", { cause });
    for (const waiter of [...this.#waiting]) waiter.reject(this.#end);
    this.#owner.onEnd();
  }
}
