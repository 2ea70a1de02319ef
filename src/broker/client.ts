/**
 * One client of a broker, from its connect to its end.
 *
 * @module
 */

import type { Connection } from "../core/connection.ts";
import type { ReadyHandler } from "../core/reactor.ts";
import { MESSAGE_BYTES, PADDED_MESSAGE_BYTES, type PairMode } from "./protocol.ts";

/** Where a client is: sending its request, waiting for its peer, owed an end of which the peer has the other, or gone. */
export type ClientState = "reading" | "waiting" | "owed" | "closed";

/** What a client tells its broker. */
export interface ClientOwner {
  /** Called when something happens on a client's connection. */
  onClientReady(client: Client, events: number): void;
}

/** The record of one client; thousands of them wait at once. */
export class Client implements ReadyHandler {
  /** Counts up from 1, in the order of arrival. */
  readonly id: number;
  /** Its connection, owned by the broker. */
  readonly connection: Connection;
  /** When it arrived, on the clock of performance.now(). */
  readonly since: number;
  /** The address of the socket it came through. */
  readonly socket: string;
  /** Where it is. */
  state: ClientState = "reading";
  /** Its mode, once it waits. */
  mode: PairMode = "none";
  /** Its key, one character a byte, once it waits. */
  key = "";
  /** How many bytes of its request have arrived, padding included. */
  bytes = 0;
  /** The part of a request that came in pieces. */
  partial: Uint8Array<ArrayBuffer> | undefined;
  /** The neighbours in its queue. */
  previous: Client | undefined;
  next: Client | undefined;
  readonly #owner: ClientOwner;

  /**
   * Records a client.
   *
   * @param id Its number.
   * @param connection Its connection.
   * @param socket The address of the socket it came through.
   * @param since When it arrived.
   * @param owner The broker.
   */
  constructor(id: number, connection: Connection, socket: string, since: number, owner: ClientOwner) {
    this.id = id;
    this.connection = connection;
    this.socket = socket;
    this.since = since;
    this.#owner = owner;
  }

  /** The bytes of the reply it expects: as many as its request had. */
  get replyBytes(): number {
    return this.bytes >= PADDED_MESSAGE_BYTES ? PADDED_MESSAGE_BYTES : MESSAGE_BYTES;
  }

  /** Passes an event on to the broker. */
  onReady(events: number): void {
    this.#owner.onClientReady(this, events);
  }
}
