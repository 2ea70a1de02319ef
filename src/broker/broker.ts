/**
 * A SocketPair broker: it hands two processes that name the same key one end
 * each of a private socket.
 *
 * @module
 */

import { escapeBytes } from "../core/address.ts";
import { raiseDescriptorLimit } from "../core/fd.ts";
import type { UnixListener } from "../core/listener.ts";
import { AccessRules } from "./access.ts";
import { Entrance } from "./entrance.ts";
import { checkLimits, defaultLimits, type Limits } from "./limits.ts";
import { BrokerMetrics, renderMetrics } from "./metrics.ts";
import type { PairMode } from "./protocol.ts";
import { Reception } from "./reception.ts";

/** How to set up a broker. */
export interface BrokerOptions {
  /** Limits other than the defaults. */
  limits?: Partial<Limits>;
  /** Who may use it; by default everybody whom the sockets' modes let in. */
  access?: AccessRules;
}

/** One client, as the control socket tells of it. */
export interface ClientInfo {
  /** Its number, counting up from 1. */
  id: number;
  /** Its process id. */
  pid: number;
  /** Its user id. */
  uid: number;
  /** Its group id. */
  gid: number;
  /** `"reading"` its request, `"waiting"` for its peer, or `"owed"` its end of a pair. */
  state: string;
  /** Its mode, once it waits. */
  mode?: PairMode;
  /** Its key, once it waits, with unprintable bytes as `\xHH`. */
  key?: string;
  /** How long it has been there, in seconds. */
  seconds: number;
  /** The socket it came through. */
  socket: string;
}

/** A broker as a whole. */
export interface BrokerStatus {
  /** The addresses it listens at. */
  sockets: string[];
  /** Clients connected. */
  clients: number;
  /** Clients waiting for a peer. */
  waiting: number;
  /** Whether it is being drained. */
  draining: boolean;
  /** How long it has run, in seconds. */
  uptime: number;
  /** Connections accepted so far. */
  accepted: number;
  /** Pairs handed out so far. */
  paired: number;
  /** Clients that went away unpaired so far. */
  gone: number;
  /** Clients refused so far, by reason. */
  refused: Record<string, number>;
  /** Requests so far that broke the protocol, by field. */
  protocolErrors: Record<string, number>;
  /** The limits that hold. */
  limits: Limits;
}

function printable(key: string): string {
  return escapeBytes(Uint8Array.from(key, (character) => character.charCodeAt(0)));
}

/**
 * A broker, to be embedded in any program; `ipcx broker` is one around it.
 *
 * @example
 * ```ts
 * import { Broker, requestPair, UnixListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using broker = new Broker();
 * const address = `@broker-${crypto.randomUUID()}`;
 * broker.listen(UnixListener.listen(address));
 *
 * const [one, other] = await Promise.all([
 *   requestPair({ address, key: "vhost0", mode: "server" }),
 *   requestPair({ address, key: "vhost0", mode: "client" }),
 * ]);
 * await one.send("hello");
 * assertEquals((await other.receive())!.text, "hello");
 * one.close();
 * other.close();
 * ```
 */
export class Broker implements Disposable {
  /** The limits that hold. */
  readonly limits: Readonly<Limits>;
  /** What it counts. */
  readonly metrics: BrokerMetrics = new BrokerMetrics();
  readonly #reception: Reception;
  readonly #entrances: Entrance[] = [];
  readonly #started = performance.now();
  readonly #drained = Promise.withResolvers<void>();
  #closed = false;

  /**
   * Sets up a broker that listens nowhere yet. Raises the soft limit of open
   * descriptors to the hard one.
   *
   * @param options Limits and access.
   * @throws {RangeError} If a limit is out of its range.
   */
  constructor(options: BrokerOptions = {}) {
    const descriptors = raiseDescriptorLimit();
    this.limits = { ...defaultLimits(descriptors, options.limits?.maxClients), ...options.limits };
    checkLimits(this.limits);
    const access = options.access ?? AccessRules.none;
    this.#reception = new Reception(this.limits, access, this.metrics, this.#drained.resolve);
  }

  /** Who may use it; a change holds for those who come afterwards. */
  get access(): AccessRules {
    return this.#reception.access;
  }

  set access(rules: AccessRules) {
    this.#reception.access = rules;
  }

  /**
   * Accepts clients at one more place. The process stays alive until {@linkcode close}.
   *
   * @param listener A stream listener; the broker's from now on.
   */
  listen(listener: UnixListener): void {
    if (listener.type !== "stream") throw new TypeError(`a broker listens on stream sockets, not ${listener.type}`);
    this.#entrances.push(new Entrance(listener, this.#reception));
  }

  /** What it is doing. */
  get status(): BrokerStatus {
    return {
      sockets: this.#entrances.map((entrance) => entrance.address),
      clients: this.#reception.clients.size,
      waiting: this.#reception.waiting,
      draining: this.#reception.draining,
      uptime: (performance.now() - this.#started) / 1000,
      accepted: this.metrics.accepted,
      paired: this.metrics.paired,
      gone: this.metrics.gone,
      refused: { ...this.metrics.refused },
      protocolErrors: { ...this.metrics.protocolErrors },
      limits: { ...this.limits },
    };
  }

  /** Those who are connected, in the order of their arrival. */
  get clients(): ClientInfo[] {
    const now = performance.now();
    return Array.from(this.#reception.clients.values(), (client) => ({
      id: client.id,
      pid: client.connection.pid,
      uid: client.connection.uid,
      gid: client.connection.gid,
      state: client.state,
      ...(client.state === "reading" ? {} : { mode: client.mode, key: printable(client.key) }),
      seconds: (now - client.since) / 1000,
      socket: client.socket,
    }));
  }

  /**
   * Writes the metrics in the text format of Prometheus.
   *
   * @returns The text and its media type.
   */
  renderMetrics(): Promise<{ text: string; contentType: string }> {
    return renderMetrics(this.metrics, { clients: this.#reception.clients.size, waiting: this.#reception.waiting });
  }

  /**
   * Disconnects a client.
   *
   * @param id Its number.
   * @returns Whether there was such a client.
   */
  disconnect(id: number): boolean {
    const client = this.#reception.clients.get(id);
    if (!client) return false;
    this.#reception.drop(client);
    return true;
  }

  /**
   * Takes no more clients that would have to wait; who waits already may still be paired.
   *
   * @returns A promise without a value, when nobody is left.
   */
  drain(): Promise<void> {
    this.#reception.draining = true;
    if (this.#reception.isDrained) this.#drained.resolve();
    return this.#drained.promise;
  }

  /** Closes every connection and every listener, and removes their files. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const entrance of this.#entrances) entrance[Symbol.dispose]();
    this.#reception[Symbol.dispose]();
    this.#drained.resolve();
  }

  /** Closes the broker at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
