/**
 * Counting the clients of each user, and how fast they come.
 *
 * @module
 */

import type { Limits } from "./limits.ts";

/** Why a newcomer is refused. */
export type RefusalReason =
  | "clients"
  | "clients per uid"
  | "rate"
  | "access"
  | "waiting per key"
  | "draining"
  | "request timeout"
  | "pair timeout";

interface User {
  clients: number;
  /** How many may come at once; grows with time up to a second's worth. */
  credit: number;
  /** When the credit was reckoned, in milliseconds. */
  at: number;
}

/** How long a user without clients is remembered, so that reconnecting does not reset the rate. */
const FORGET_MS = 1000;
const SWEEP_AT = 1024;

/** The head counts that limits are held against. */
export class Admission {
  readonly #limits: Readonly<Limits>;
  readonly #users = new Map<number, User>();
  #clients = 0;
  #sweepAt = SWEEP_AT;

  /**
   * Starts with nobody.
   *
   * @param limits The limits.
   */
  constructor(limits: Readonly<Limits>) {
    this.#limits = limits;
  }

  /** How many clients there are. */
  get clients(): number {
    return this.#clients;
  }

  /**
   * Lets a newcomer in, if the limits allow.
   *
   * @param uid Its user.
   * @param now The time in milliseconds.
   * @returns The limit that is reached, or `undefined` if it is in.
   */
  enter(uid: number, now: number): RefusalReason | undefined {
    const { maxClients, maxClientsPerUid, connectionsPerSecond } = this.#limits;
    let user = this.#users.get(uid);
    if (!user) {
      if (this.#users.size >= this.#sweepAt) this.#sweep(now);
      this.#users.set(uid, user = { clients: 0, credit: connectionsPerSecond, at: now });
    }
    if (connectionsPerSecond > 0) {
      user.credit = Math.min(connectionsPerSecond, user.credit + ((now - user.at) / 1000) * connectionsPerSecond);
      user.at = now;
      if (user.credit < 1) return "rate";
      user.credit--;
    }
    if (this.#clients >= maxClients) return "clients";
    if (user.clients >= maxClientsPerUid) return "clients per uid";
    user.clients++;
    this.#clients++;
    return undefined;
  }

  /**
   * Lets somebody out.
   *
   * @param uid The user of a client that was let in.
   */
  leave(uid: number): void {
    this.#users.get(uid)!.clients--;
    this.#clients--;
  }

  #sweep(now: number): void {
    for (const [uid, user] of this.#users) {
      if (user.clients === 0 && now - user.at > FORGET_MS) this.#users.delete(uid);
    }
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#users.size);
  }
}
