/**
 * Handing a server's listeners to its next version.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "../core/address.ts";
import type { Credentials } from "../core/credentials.ts";
import { delay } from "../core/delay.ts";
import { SystemError } from "../core/errors.ts";
import { closeAll, type Fd } from "../core/fd.ts";
import { UnixListener } from "../core/listener.ts";
import type { HandoverError } from "./errors.ts";
import { Inheritance } from "./inheritance.ts";
import { KeptDescriptors } from "./kept_descriptors.ts";
import { Offering } from "./offering.ts";
import { type HandoverOptions, type Settings, settle } from "./options.ts";
import { Place } from "./place.ts";

/** How often it is looked again who is there, if somebody comes or goes at the same moment. */
const ATTEMPTS = 20;
const PAUSE_MS = 10;

/** Where a process is: taking over or making what it needs, serving, or done. */
type Phase = "preparing" | "claiming" | "serving" | "replaced" | "closed";

/**
 * A server's place in the line of its versions: it takes over what the version
 * before it has, and hands it to the next.
 *
 * Listeners stay open all the time, so nobody is refused: what waits in their
 * queues is accepted by whichever version comes to it. Both versions may accept
 * from when the new one begins to, until the old one is told that it is replaced.
 * If the new one never gets ready, the old one goes on as if nothing had been.
 *
 * The versions meet at an address, the listener of which is itself passed on:
 * the name is never free. The process stays alive until it is replaced or closed.
 *
 * @example Two versions, here in one process
 * ```ts
 * import { Handover, internetNameOf, listenTcp, serveListener } from "ipcx";
 * import { createServer } from "node:http";
 * import { assertEquals } from "@std/assert";
 *
 * const address = `@my-server-${crypto.randomUUID()}`;
 *
 * async function start(version: string) {
 *   const handover = await Handover.begin(address);
 *   const listener = await handover.listen("http", () => listenTcp("127.0.0.1", 0));
 *   const { port } = internetNameOf(listener);
 *   const server = createServer((_request, response) => void response.end(version));
 *   await serveListener(server, listener);
 *   await handover.ready();
 *   const ended = handover.replaced.then(() => new Promise((resolve) => server.close(resolve)));
 *   return { handover, ended, port };
 * }
 *
 * const one = await start("one");
 * assertEquals(await (await fetch(`http://127.0.0.1:${one.port}/`)).text(), "one");
 *
 * const two = await start("two");
 * await one.ended;
 * assertEquals(two.port, one.port);
 * assertEquals(await (await fetch(`http://127.0.0.1:${two.port}/`)).text(), "two");
 *
 * // Nobody comes after it: its listener is to be closed, too.
 * two.handover.close();
 * await two.ended;
 * ```
 */
export class Handover implements Disposable {
  /** Where the versions meet. */
  readonly address: UnixAddress;
  /** Who served before; `undefined` for the first. */
  readonly predecessor: Credentials | undefined;
  /** What that one lets this one know: what its `state` option gave; `undefined` if it gave nothing. */
  readonly state: unknown;
  /**
   * Settled when the next version is ready: this one is to accept nobody more, answer whom it has accepted, and end.
   * `undefined` if it was closed first.
   */
  readonly replaced: Promise<Credentials | undefined>;
  readonly #settings: Settings;
  readonly #place: Place;
  readonly #inheritance: Inheritance | undefined;
  readonly #kept = new KeptDescriptors();
  readonly #making = new Set<string>();
  readonly #resolve: (successor: Credentials | undefined) => void;
  #offering: Offering | undefined;
  #phase: Phase = "preparing";

  private constructor(settings: Settings, place: Place, inheritance?: Inheritance) {
    const { promise, resolve } = Promise.withResolvers<Credentials | undefined>();
    this.address = place.address;
    this.replaced = promise;
    this.predecessor = inheritance?.predecessor;
    this.state = inheritance?.state;
    this.#resolve = resolve;
    this.#settings = settings;
    this.#place = place;
    this.#inheritance = inheritance;
    // Who comes before the first version is ready is told so; later ones leave that to the version before them.
    if (!inheritance) this.#offer(place.fd.duplicate());
  }

  /**
   * Asks the process that serves at an address for all that it has; if there is
   * none, this one is the first.
   *
   * @param address A path or an abstract name; the same for all versions.
   * @param options Time-outs, who is let in, what the next version is to know.
   * @returns This process's place: make and take what is needed, begin to serve, and say {@linkcode ready}.
   * @throws {HandoverError} If the old process refuses, does not answer in time, or is not to be trusted. It serves on.
   * @throws {SystemError} If the address cannot be listened at, EADDRINUSE if it is no socket.
   * @throws {TypeError} If the address is a descriptor.
   * @throws {RangeError} For an option out of its range.
   */
  static async begin(address: UnixAddress | string, options: HandoverOptions = {}): Promise<Handover> {
    const target = toAddress(address);
    if (target.kind !== "path" && target.kind !== "abstract") {
      throw new TypeError(`${target} is no place to meet: a path or an abstract name is needed`);
    }
    const settings = settle(options);
    for (let attempt = 1;; attempt++) {
      settings.signal?.throwIfAborted();
      const inheritance = await Inheritance.ask(target, settings);
      if (inheritance) return Handover.#next(target, settings, inheritance);
      try {
        return Handover.#first(target, settings);
      } catch (error) {
        const isTaken = error instanceof SystemError && error.code === "EADDRINUSE";
        if (!isTaken || attempt === ATTEMPTS) throw error;
        await delay(PAUSE_MS, settings.signal);
      }
    }
  }

  static #next(address: UnixAddress, settings: Settings, inheritance: Inheritance): Handover {
    try {
      return new Handover(settings, Place.takeOver(address, inheritance.listener, inheritance.file), inheritance);
    } catch (error) {
      inheritance[Symbol.dispose]();
      throw error;
    }
  }

  static #first(address: UnixAddress, settings: Settings): Handover {
    const place = Place.make(address, settings);
    try {
      return new Handover(settings, place);
    } catch (error) {
      place.remove();
      throw error;
    }
  }

  /** The names of the descriptors that the old process has passed on, and that were not taken yet. */
  get inherited(): string[] {
    return [...this.#inheritance?.fds.keys() ?? []];
  }

  /**
   * Takes a listener over from the old process, or makes it if that one has none
   * of this name. It is passed on to the next version.
   *
   * A listener at a socket file keeps that file when it is closed, since the next
   * version listens there.
   *
   * @param name What both versions call it, 1–255 characters.
   * @param make Makes it; what it gives is given away.
   * @returns The listener, owned by the caller, for `serveListener`, an `Acceptor` or `UnixListener.fromFd`.
   * @throws {TypeError} If there is one of this name already, or this process was replaced.
   * @throws {RangeError} If the name is empty or too long.
   * @throws {SystemError} EMFILE at the limit of descriptors, and whatever `make` throws.
   */
  async listen(name: string, make: () => Fd | UnixListener | Promise<Fd | UnixListener>): Promise<Fd> {
    this.#checkKeeps(name);
    const taken = this.take(name);
    if (taken) return this.#keep(name, taken);
    this.#making.add(name);
    try {
      const made = await make();
      return this.#keep(name, made instanceof UnixListener ? made.release() : made);
    } finally {
      this.#making.delete(name);
    }
  }

  #keep(name: string, fd: Fd): Fd {
    try {
      this.#checkOpen();
      this.#kept.keep(name, fd);
      return fd;
    } catch (error) {
      closeAll([fd]);
      throw error;
    }
  }

  /**
   * Takes over a descriptor of any kind. It is not passed on unless
   * {@linkcode pass} is called for it.
   *
   * @param name What the old process calls it.
   * @returns The descriptor, owned by the caller, or `undefined` if there is none of this name left.
   */
  take(name: string): Fd | undefined {
    const fd = this.#inheritance?.fds.get(name);
    this.#inheritance?.fds.delete(name);
    return fd;
  }

  /**
   * Has a descriptor passed on to the next version.
   *
   * @param name What both call it, 1–255 characters.
   * @param fd The descriptor, of any kind; it stays the caller's, and a duplicate of it is kept.
   * @throws {TypeError} If there is one of this name already, or this process was replaced.
   * @throws {RangeError} If the name is empty or too long.
   * @throws {SystemError} EMFILE at the limit of descriptors.
   */
  pass(name: string, fd: Fd): void {
    this.#checkKeeps(name);
    this.#kept.keep(name, fd);
  }

  /**
   * Has a descriptor or listener not passed on any more.
   *
   * @param name Its name.
   * @returns Whether there was one.
   */
  withhold(name: string): boolean {
    return this.#kept.drop(name);
  }

  #checkOpen(): void {
    if (this.#phase === "replaced" || this.#phase === "closed") throw new TypeError(`the handover was ${this.#phase}`);
  }

  #checkKeeps(name: string): void {
    this.#checkOpen();
    this.#kept.checkName(name);
    if (this.#making.has(name)) throw new TypeError(`a listener '${name}' is being made already`);
  }

  /**
   * Says that this process serves. The old one is told so, and lets go of all;
   * from now on the next version may ask. Descriptors that were passed on and not
   * taken are closed.
   *
   * If the old process has died meanwhile, this one takes its place all the same.
   *
   * @returns A promise without a value.
   * @throws {HandoverError} If the old process did not wait any longer, or does not answer: it serves on, this one is
   * closed and is to end.
   * @throws {TypeError} If it was called before.
   */
  async ready(): Promise<void> {
    if (this.#phase !== "preparing") throw new TypeError(`ready was called when the handover was ${this.#phase}`);
    this.#phase = "claiming";
    try {
      if (this.#inheritance) await this.#takeOver(this.#inheritance);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#phase = "serving";
  }

  async #takeOver(inheritance: Inheritance): Promise<void> {
    closeAll(inheritance.fds.values());
    inheritance.fds.clear();
    // A limit of descriptors must show before the old process has let go.
    const listener = this.#place.fd.duplicate();
    try {
      await inheritance.claim(this.#settings);
      this.#checkOpen();
    } catch (error) {
      listener.close();
      throw error;
    }
    this.#offer(listener);
  }

  #offer(acceptedFrom: Fd): void {
    const settings = this.#settings;
    const isReady = (): boolean => this.#phase === "serving";
    const kept = this.#kept;
    this.#offering = new Offering(acceptedFrom, {
      get isReady() {
        return isReady();
      },
      get entries() {
        return kept.entries;
      },
      listener: this.#place.fd,
      file: this.#place.identity,
      readyTimeout: settings.readyTimeout,
      allow: (peer) => settings.allow(peer),
      state: () => settings.state?.(),
      onReplaced: (successor) => this.#onReplaced(successor),
      onFailure: (error, candidate) => this.#onFailure(error, candidate),
    });
  }

  #onReplaced(successor: Credentials): void {
    this.#phase = "replaced";
    this.#place.leave();
    this.#kept.close();
    this.#resolve(successor);
  }

  #onFailure(error: HandoverError, candidate: Credentials): void {
    try {
      this.#settings.onFailure?.(error, candidate);
    } catch (fault) {
      // A faulty handler must be seen, but must not keep the candidate waiting.
      reportError(fault);
    }
  }

  /**
   * Gives the place up; does nothing the second time, or if this was replaced.
   *
   * A new process that is not ready yet leaves all to the old one. One that serves
   * leaves nobody behind: it must close its listeners itself. A version that is
   * about to take over at this moment does so.
   */
  close(): void {
    if (this.#phase === "replaced" || this.#phase === "closed") return;
    const isOwner = this.#phase === "serving" || !this.#inheritance;
    const isTakenOver = this.#offering?.isUnderWay;
    this.#phase = "closed";
    this.#offering?.close();
    this.#inheritance?.[Symbol.dispose]();
    if (isOwner && !isTakenOver) this.#place.remove();
    else this.#place.leave();
    this.#kept.close();
    this.#resolve(undefined);
  }

  /** Gives the place up at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
