/**
 * Receiving clients: from connect(2) over the request to the waiting room.
 *
 * @module
 */

import {
  type Connection,
  DATA_OR_END,
  isHangup,
  NOTHING_YET,
  ONLY_HANGUP,
  strayDescriptors,
} from "../core/connection.ts";
import { Deadlines } from "../core/deadlines.ts";
import { SystemError } from "../core/errors.ts";
import { ThrottledLog } from "../core/throttled_log.ts";
import type { AccessRules } from "./access.ts";
import { Admission, type RefusalReason } from "./admission.ts";
import { Client, type ClientOwner } from "./client.ts";
import type { Entrance, EntranceOwner } from "./entrance.ts";
import type { Limits } from "./limits.ts";
import { Matchmaker } from "./matchmaker.ts";
import { BrokerMetrics } from "./metrics.ts";
import { decodeGetPair, MESSAGE_BYTES, PADDED_MESSAGE_BYTES, ProtocolError } from "./protocol.ts";

/** One byte more than a request can have, so that a second one shows. */
const buffer = new Uint8Array(PADDED_MESSAGE_BYTES + 1);

function toByteString(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Takes clients in and brings them to the matchmaker. */
export class Reception implements ClientOwner, EntranceOwner, Disposable {
  /** Those who are connected, by their numbers. */
  readonly clients: Map<number, Client> = new Map();
  /** Who may come in; a change holds for those who come afterwards. */
  access: AccessRules;
  /** Whether those who would have to wait are refused. */
  draining = false;
  readonly #limits: Readonly<Limits>;
  readonly #metrics: BrokerMetrics;
  readonly #onEmpty: () => void;
  readonly #log = new ThrottledLog("broker");
  readonly #admission: Admission;
  readonly #matchmaker: Matchmaker;
  readonly #requestDeadlines: Deadlines<Client>;
  readonly #pairDeadlines: Deadlines<Client>;
  #fresh: Client[] = [];
  #nextId = 1;

  /**
   * Opens with nobody inside.
   *
   * @param limits The limits.
   * @param access Who may come in.
   * @param metrics Where everything is counted.
   * @param onEmpty Called, while draining, when the last client has left.
   */
  constructor(limits: Readonly<Limits>, access: AccessRules, metrics: BrokerMetrics, onEmpty: () => void) {
    this.#limits = limits;
    this.access = access;
    this.#metrics = metrics;
    this.#onEmpty = onEmpty;
    this.#admission = new Admission(limits);
    this.#matchmaker = new Matchmaker(metrics, this.#log, (client) => this.#end(client));
    this.#requestDeadlines = new Deadlines(
      limits.requestTimeout,
      (client) => client.state === "reading",
      (client) => this.#refuse(client, "request timeout"),
    );
    this.#pairDeadlines = new Deadlines(
      limits.pairTimeout,
      (client) => client.state === "waiting",
      (client) => this.#refuse(client, "pair timeout"),
    );
  }

  /** Whether nobody is left to be served; who has not asked for anything yet would be refused. */
  get isDrained(): boolean {
    return this.draining && this.#matchmaker.isDone;
  }

  /** How many clients wait for a peer. */
  get waiting(): number {
    return this.#matchmaker.room.size;
  }

  /** Called by an entrance. */
  onConnection(connection: Connection, entrance: Entrance): void {
    this.#metrics.accepted++;
    const now = performance.now();
    const limit = this.#admission.enter(connection.uid, now);
    if (limit !== undefined) {
      this.#tellRefused(connection, limit);
      connection.close();
      return;
    }
    const client = new Client(this.#nextId++, connection, entrance.address, now, this);
    this.clients.set(client.id, client);
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
    this.#metrics.acceptErrors++;
    this.#log.warn("accept", "cannot accept connections for the moment", {
      socket: entrance.address,
      error: error.message,
    });
  }

  /** Called by an entrance. */
  onLost(entrance: Entrance): void {
    this.#log.error("socket lost", { socket: entrance.address });
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
      return this.drop(client);
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
      if (this.draining) return this.#refuse(client, "draining");
      if (room.count(mode, key) >= this.#limits.maxWaitingPerKey) return this.#refuse(client, "waiting per key");
    }
    client.state = "waiting";
    room.enter(client);
    this.#matchmaker.match(mode, key);
    if (client.state === "waiting") this.#pairDeadlines.set(client);
  }

  #isDenied(client: Client, key?: string): boolean {
    if (this.access.isEmpty) return false;
    const { connection, socket } = client;
    const { uid, gid } = connection;
    try {
      return this.access.decide({
        uid,
        gid,
        socket,
        key,
        get groups() {
          return connection.groups;
        },
      }) === "deny";
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // Who cannot be asked for groups is not let in.
      return true;
    }
  }

  /** A client that only ends its own sending still takes its reply. */
  #stopListening(client: Client): void {
    if (client.state === "reading") this.#lose(client);
    else client.connection.watch(ONLY_HANGUP, client);
  }

  #lose(client: Client): void {
    this.#metrics.gone++;
    if (this.#log.isDebug) this.#log.debug("client gone", { client: client.id, pid: client.connection.pid });
    this.drop(client);
  }

  #refuse(client: Client, reason: RefusalReason): void {
    this.#tellRefused(client.connection, reason);
    this.drop(client);
  }

  #tellRefused(connection: Connection, reason: RefusalReason): void {
    BrokerMetrics.add(this.#metrics.refused, reason);
    this.#log.warn(`refused ${reason}`, "client refused", { reason, pid: connection.pid, uid: connection.uid });
  }

  #protocolError(client: Client, field: string, message: string): void {
    BrokerMetrics.add(this.#metrics.protocolErrors, field);
    const { pid, uid } = client.connection;
    this.#log.warn("protocol error", "protocol error", { field, error: message, pid, uid });
    this.drop(client);
  }

  /**
   * Disconnects a client, whatever it was doing.
   *
   * @param client The client.
   */
  drop(client: Client): void {
    this.#matchmaker.forget(client);
    this.#end(client);
  }

  #end(client: Client): void {
    client.state = "closed";
    client.connection.close();
    this.#admission.leave(client.connection.uid);
    this.clients.delete(client.id);
    if (this.isDrained) this.#onEmpty();
  }

  /** Disconnects everybody. */
  [Symbol.dispose](): void {
    for (const client of [...this.clients.values()]) this.drop(client);
    for (const part of [this.#requestDeadlines, this.#pairDeadlines, this.#matchmaker]) part[Symbol.dispose]();
  }
}
