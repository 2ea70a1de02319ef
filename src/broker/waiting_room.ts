/**
 * Who waits for whom: queues by key and mode, first come, first served.
 *
 * @module
 */

import type { Client } from "./client.ts";
import type { PairMode } from "./protocol.ts";

/** A queue that its members link themselves, so that leaving it early costs nothing. */
class Queue {
  head: Client | undefined;
  #tail: Client | undefined;
  length = 0;

  push(client: Client): void {
    client.previous = this.#tail;
    if (this.#tail) this.#tail.next = client;
    else this.head = client;
    this.#tail = client;
    this.length++;
  }

  remove(client: Client): void {
    if (client.previous) client.previous.next = client.next;
    else this.head = client.next;
    if (client.next) client.next.previous = client.previous;
    else this.#tail = client.previous;
    client.previous = client.next = undefined;
    this.length--;
  }
}

const OPPOSITE: Readonly<Record<PairMode, PairMode>> = { none: "none", client: "server", server: "client" };

/** Two clients that belong together, the one that has waited longer first. */
export type Match = readonly [Client, Client];

/** All clients that wait for a peer. */
export class WaitingRoom {
  readonly #queues: Readonly<Record<PairMode, Map<string, Queue>>> = {
    none: new Map(),
    client: new Map(),
    server: new Map(),
  };
  #size = 0;

  /** How many clients wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Counts the clients that wait in one mode.
   *
   * @param mode The mode.
   * @param key The key.
   * @returns How many.
   */
  count(mode: PairMode, key: string): number {
    return this.#queues[mode].get(key)?.length ?? 0;
  }

  /**
   * Tells whether somebody waits for a client of this mode and key.
   *
   * @param mode The client's mode.
   * @param key The client's key.
   * @returns `true` if it could be paired at once.
   */
  hasPeerFor(mode: PairMode, key: string): boolean {
    return this.#queues[OPPOSITE[mode]].has(key);
  }

  /**
   * Puts a client at the end of its queue.
   *
   * @param client The client, with its mode and key.
   */
  enter(client: Client): void {
    const queues = this.#queues[client.mode];
    let queue = queues.get(client.key);
    if (!queue) queues.set(client.key, queue = new Queue());
    queue.push(client);
    this.#size++;
  }

  /**
   * Takes a client out of its queue.
   *
   * @param client A client that waits.
   */
  leave(client: Client): void {
    const queues = this.#queues[client.mode];
    const queue = queues.get(client.key)!;
    queue.remove(client);
    if (queue.length === 0) queues.delete(client.key);
    this.#size--;
  }

  /**
   * Finds those who are next to be paired; they stay where they are.
   *
   * @param mode The mode of either.
   * @param key The key of both.
   * @returns The two, or `undefined` if one is missing.
   */
  match(mode: PairMode, key: string): Match | undefined {
    const one = this.#queues[mode].get(key)?.head;
    const other = mode === "none" ? one?.next : this.#queues[OPPOSITE[mode]].get(key)?.head;
    if (!one || !other) return undefined;
    return one.id < other.id ? [one, other] : [other, one];
  }
}
