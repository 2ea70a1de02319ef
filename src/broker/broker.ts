/**
 * A SocketPair broker: it hands two processes that name the same key one end
 * each of a private socket.
 *
 * @module
 */

import { escapeBytes } from "../core/address.ts";
import {
  type Connection,
  DATA_OR_END,
  isHangup,
  NOTHING_YET,
  ONLY_HANGUP,
  strayDescriptors,
} from "../core/connection.ts";
import { SystemError } from "../core/errors.ts";
import { raiseDescriptorLimit } from "../core/fd.ts";
import type { UnixListener } from "../core/listener.ts";
import { AccessRules } from "./access.ts";
import { Admission, type RefusalReason } from "./admission.ts";
import { Client, type ClientOwner } from "./client.ts";
import { Deadlines } from "./deadlines.ts";
import { Entrance, type EntranceOwner } from "./entrance.ts";
import { checkLimits, defaultLimits, type Limits } from "./limits.ts";
import { Matchmaker } from "./matchmaker.ts";
import { BrokerMetrics, renderMetrics } from "./metrics.ts";
import { decodeGetPair, MESSAGE_BYTES, PADDED_MESSAGE_BYTES, type PairMode, ProtocolError } from "./protocol.ts";
import { ThrottledLog } from "./throttled_log.ts";

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

/** One byte more than a request can have, so that a second one shows. */
const buffer = new Uint8Array(PADDED_MESSAGE_BYTES + 1);

function toByteString(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
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
export class Broker implements Disposable, ClientOwner, EntranceOwner {
  /** The limits that hold. */
  readonly limits: Readonly<Limits>;
  /** What it counts. */
  readonly metrics: BrokerMetrics = new BrokerMetrics();
  /** Who may use it; a change holds for those who come afterwards. */
  access: AccessRules;
  readonly #log = new ThrottledLog("broker");
  readonly #admission: Admission;
  readonly #matchmaker: Matchmaker;
  readonly #clients = new Map<number, Client>();
  readonly #entrances: Entrance[] = [];
  readonly #requestDeadlines: Deadlines<Client>;
  readonly #pairDeadlines: Deadlines<Client>;
  readonly #started = performance.now();
  readonly #drained = Promise.withResolvers<void>();
  #fresh: Client[] = [];
  #nextId = 1;
  #draining = false;
  #closed = false;

  /**
   * Sets up a broker that listens nowhere yet. Raises the soft limit of open
   * descriptors to the hard one.
   *
   * @param options Limits and access.
   * @throws {RangeError} If a limit is out of its range.
   */
  constructor(options: BrokerOptions = {}) {
    this.limits = { ...defaultLimits(raiseDescriptorLimit()), ...options.limits };
    checkLimits(this.limits);
    this.access = options.access ?? AccessRules.none;
    this.#admission = new Admission(this.limits);
    this.#matchmaker = new Matchmaker(this.metrics, this.#log, (client) => this.#end(client));
    this.#requestDeadlines = new Deadlines(this.limits.requestTimeout, (client) => {
      if (client.state === "reading") this.#refuse(client, "request timeout");
    });
    this.#pairDeadlines = new Deadlines(this.limits.pairTimeout, (client) => {
      if (client.state === "waiting") this.#refuse(client, "pair timeout");
    });
  }

  /**
   * Accepts clients at one more place. The process stays alive until {@linkcode close}.
   *
   * @param listener A stream listener; the broker's from now on.
   */
  listen(listener: UnixListener): void {
    if (listener.type !== "stream") throw new TypeError(`a broker listens on stream sockets, not ${listener.type}`);
    this.#entrances.push(new Entrance(this.#entrances.length, listener, this));
  }

  /** What it is doing. */
  get status(): BrokerStatus {
    return {
      sockets: this.#entrances.map((entrance) => entrance.address),
      clients: this.#clients.size,
      waiting: this.#matchmaker.room.size,
      draining: this.#draining,
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
    return Array.from(this.#clients.values(), (client) => ({
      id: client.id,
      pid: client.connection.pid,
      uid: client.connection.uid,
      gid: client.connection.gid,
      state: client.state,
      ...(client.state === "reading" ? {} : { mode: client.mode, key: printable(client.key) }),
      seconds: (now - client.since) / 1000,
      socket: this.#entrances[client.listener].address,
    }));
  }

  /**
   * Writes the metrics in the text format of Prometheus.
   *
   * @returns The text and its media type.
   */
  renderMetrics(): Promise<{ text: string; contentType: string }> {
    return renderMetrics(this.metrics, { clients: this.#clients.size, waiting: this.#matchmaker.room.size });
  }

  /**
   * Disconnects a client.
   *
   * @param id Its number.
   * @returns Whether there was such a client.
   */
  disconnect(id: number): boolean {
    const client = this.#clients.get(id);
    if (!client) return false;
    this.#drop(client);
    return true;
  }

  /**
   * Takes no more clients that would have to wait; who waits already may still be paired.
   *
   * @returns A promise without a value, when nobody is left.
   */
  drain(): Promise<void> {
    this.#draining = true;
    this.#checkDrained();
    return this.#drained.promise;
  }

  /** Closes every connection and every listener, and removes their files. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const entrance of this.#entrances) entrance[Symbol.dispose]();
    for (const client of [...this.#clients.values()]) this.#drop(client);
    for (const part of [this.#requestDeadlines, this.#pairDeadlines, this.#matchmaker]) part[Symbol.dispose]();
    this.#drained.resolve();
  }

  /** Closes the broker at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Called by an entrance. */
  onConnection(connection: Connection, entrance: Entrance): void {
    this.metrics.accepted++;
    const now = performance.now();
    const limit = this.#admission.enter(connection.uid, now);
    if (limit !== undefined) {
      this.#tellRefused(connection, limit);
      connection.close();
      return;
    }
    const client = new Client(this.#nextId++, connection, entrance.index, now, this);
    this.#clients.set(client.id, client);
    if (this.#isDenied(client)) return this.#refuse(client, "access");
    this.#read(client);
    if (client.state !== "closed") this.#fresh.push(client);
  }

  /**
   * Called by an entrance: of those who came together, many have been paired
   * by now, and only the others need be watched.
   */
  onBatchEnd(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = [];
    for (const client of fresh) {
      if (client.state === "reading") this.#read(client);
      if (client.state !== "closed") this.#watch(client);
    }
  }

  /** Called by an entrance. */
  onAcceptError(error: SystemError, entrance: Entrance): void {
    this.metrics.acceptErrors++;
    this.#log.warn("accept", "cannot accept connections for the moment", {
      socket: entrance.address,
      error: error.message,
    });
  }

  /** Called by a client's connection. */
  onClientReady(client: Client, events: number): void {
    this.#read(client);
    if (client.state !== "closed" && isHangup(events)) this.#lose(client);
  }

  #watch(client: Client): void {
    try {
      client.connection.watch(DATA_OR_END, client);
    } catch (error) {
      this.#log.error("cannot watch a client", { client: client.id, error: (error as Error).message });
      return this.#drop(client);
    }
    if (client.state === "reading") this.#requestDeadlines.set(client, client.since);
  }

  #read(client: Client): void {
    const target = client.partial ? client.partial.subarray(client.bytes) : buffer;
    let count: number;
    try {
      count = client.connection.receive(target);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return this.#lose(client);
    }
    if (count === NOTHING_YET) return;
    if (count === 0) return this.#stopListening(client);
    client.bytes += count;
    if (strayDescriptors() > 0) return this.#protocolError(client, "descriptors", "descriptors came with a request");
    if (client.bytes > PADDED_MESSAGE_BYTES) {
      return this.#protocolError(client, "length", "more bytes than one request has");
    }
    if (client.state === "reading") this.#takeRequest(client, target, count);
  }

  #takeRequest(client: Client, received: Uint8Array<ArrayBuffer>, count: number): void {
    if (client.bytes < MESSAGE_BYTES) {
      if (client.partial) return;
      client.partial = new Uint8Array(buffer.length);
      client.partial.set(received.subarray(0, count));
      return;
    }
    try {
      const request = decodeGetPair(client.partial ?? received);
      client.mode = request.mode;
      client.key = toByteString(request.key);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#protocolError(client, error.field, error.message);
    }
    client.partial = undefined;
    this.#seat(client);
  }

  #seat(client: Client): void {
    const { mode, key } = client;
    const { room } = this.#matchmaker;
    if (this.#isDenied(client, key)) return this.#refuse(client, "access");
    if (!room.hasPeerFor(mode, key)) {
      if (this.#draining) return this.#refuse(client, "draining");
      if (room.count(mode, key) >= this.limits.maxWaitingPerKey) return this.#refuse(client, "waiting per key");
    }
    client.state = "waiting";
    room.enter(client);
    this.#pairDeadlines.set(client, client.since);
    this.#matchmaker.match(mode, key);
  }

  #isDenied(client: Client, key?: string): boolean {
    if (this.access.isEmpty) return false;
    const { connection } = client;
    const socket = this.#entrances[client.listener].address;
    const decision = this.access.decide({
      uid: connection.uid,
      gid: connection.gid,
      get groups() {
        return connection.groups;
      },
      socket,
      key,
    });
    return decision === "deny";
  }

  /** A client that only ends its own sending still takes its reply. */
  #stopListening(client: Client): void {
    if (client.state === "reading") this.#lose(client);
    else client.connection.watch(ONLY_HANGUP, client);
  }

  #lose(client: Client): void {
    this.metrics.gone++;
    if (this.#log.isDebug) this.#log.debug("client gone", { client: client.id, pid: client.connection.pid });
    this.#drop(client);
  }

  #refuse(client: Client, reason: RefusalReason): void {
    this.#tellRefused(client.connection, reason);
    this.#drop(client);
  }

  #tellRefused(connection: Connection, reason: RefusalReason): void {
    BrokerMetrics.add(this.metrics.refused, reason);
    this.#log.warn(`refused ${reason}`, "client refused", { reason, pid: connection.pid, uid: connection.uid });
  }

  #protocolError(client: Client, field: string, message: string): void {
    BrokerMetrics.add(this.metrics.protocolErrors, field);
    const { pid, uid } = client.connection;
    this.#log.warn("protocol error", "protocol error", { field, error: message, pid, uid });
    this.#drop(client);
  }

  #drop(client: Client): void {
    this.#matchmaker.forget(client);
    this.#end(client);
  }

  #end(client: Client): void {
    client.state = "closed";
    client.connection.close();
    this.#admission.leave(client.connection.uid);
    this.#clients.delete(client.id);
    if (this.#draining) this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#draining && this.#clients.size === 0) this.#drained.resolve();
  }
}
