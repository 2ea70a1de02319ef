/**
 * Clients that do not read what they were sent: without this each could hold a
 * connection, and an answer in memory, for as long as it likes.
 *
 * @module
 */

import type { Socket } from "node:net";

/** What a client has not taken yet, and since when that is so. */
interface Standstill {
  readonly taken: number;
  readonly since: number;
}

/** Looks now and then who takes nothing. */
export class StalledClients {
  /** How long a client may take nothing, in milliseconds. */
  mostMs: number;
  readonly #clients = new Map<Socket, Standstill | undefined>();
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * Begins to look.
   *
   * @param mostMs How long a client may take nothing, in milliseconds.
   * @param lookMs How often it is looked, in milliseconds.
   */
  constructor(mostMs: number, lookMs: number) {
    this.mostMs = mostMs;
    this.#timer = setInterval(() => this.#look(), lookMs);
    Deno.unrefTimer(this.#timer);
  }

  /**
   * Looks after one more client.
   *
   * @param client The client, until its connection closes.
   */
  add(client: Socket): void {
    this.#clients.set(client, undefined);
    client.once("close", () => this.#clients.delete(client));
  }

  #look(): void {
    const now = performance.now();
    for (const [client, before] of this.#clients) {
      const { writableLength } = client;
      const taken = client.bytesWritten - writableLength;
      if (writableLength === 0) this.#clients.set(client, undefined);
      else if (before?.taken !== taken) this.#clients.set(client, { taken, since: now });
      else if (now - before.since >= this.mostMs) client.destroy();
    }
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer);
  }
}
