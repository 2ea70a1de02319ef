/**
 * Bringing two clients together: each gets one end of a new socket pair.
 *
 * @module
 */

import { Connection } from "../core/connection.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO } from "../core/linux.ts";
import { SystemError } from "../core/errors.ts";
import type { ThrottledLog } from "../core/throttled_log.ts";
import type { Client } from "./client.ts";
import type { BrokerMetrics } from "./metrics.ts";
import { encodeSetPair, type PairMode } from "./protocol.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** What passes by itself: then both clients keep their places, and it is tried again. */
const PASSING: ReadonlySet<number> = new Set([
  ERRNO.EMFILE,
  ERRNO.ENFILE,
  ERRNO.ENOMEM,
  ERRNO.ENOBUFS,
  ERRNO.ETOOMANYREFS,
]);

const RETRY_MS = 50;
const REPLY = encodeSetPair();

/** Called with a client that has its end of a pair, or that is gone. */
export type OnEnd = (client: Client) => void;

/** Pairs the clients of a waiting room. */
export class Matchmaker implements Disposable {
  /** Who waits. */
  readonly room: WaitingRoom = new WaitingRoom();
  readonly #metrics: BrokerMetrics;
  readonly #log: ThrottledLog;
  readonly #onEnd: OnEnd;
  readonly #postponed = new Map<string, { mode: PairMode; key: string }>();
  readonly #owed = new Map<Client, Fd>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts with an empty room.
   *
   * @param metrics Where pairs are counted.
   * @param log Where failures are told.
   * @param onEnd Called with every client that is done, to close it.
   */
  constructor(metrics: BrokerMetrics, log: ThrottledLog, onEnd: OnEnd) {
    this.#metrics = metrics;
    this.#log = log;
    this.#onEnd = onEnd;
  }

  /** Whether nobody waits, for a peer or for an end that could not be sent yet. */
  get isDone(): boolean {
    return this.room.size === 0 && this.#owed.size === 0;
  }

  /**
   * Pairs whoever can be paired.
   *
   * @param mode The mode of one of them.
   * @param key Their key.
   * @returns `false` if descriptors were wanting, so that others had better wait as well.
   */
  match(mode: PairMode, key: string): boolean {
    for (let match = this.room.match(mode, key); match; match = this.room.match(mode, key)) {
      if (!this.#handOut(match[0], match[1])) return false;
    }
    return true;
  }

  /** Returns whether it is worth looking for another match. */
  #handOut(first: Client, second: Client): boolean {
    const result = Connection.handOutPair(
      first.connection,
      first.replyBytes,
      second.connection,
      second.replyBytes,
      REPLY,
    );
    switch (result.outcome) {
      case "done":
        this.room.leave(first);
        this.room.leave(second);
        this.#countPair(first, second);
        this.#onEnd(first);
        this.#onEnd(second);
        return true;
      case "no pair":
        return this.#postpone(first, result.errno);
      case "first failed":
        if (PASSING.has(result.errno)) return this.#postpone(first, result.errno);
        this.#drop(first, result.errno);
        return true;
      case "second gone":
        this.#drop(second, result.errno);
        return true;
      case "second failed":
        this.room.leave(first);
        this.room.leave(second);
        this.#onEnd(first);
        this.#owe(second, result.kept!, result.errno);
        return true;
    }
  }

  #countPair(first: Client, second: Client): void {
    this.#metrics.countPair((performance.now() - second.since) / 1000);
    if (this.#log.isDebug) {
      this.#log.debug("paired", {
        first: first.id,
        firstPid: first.connection.pid,
        second: second.id,
        secondPid: second.connection.pid,
      });
    }
  }

  /** A client that cannot be sent to is gone; the other keeps its place. */
  #drop(client: Client, errno: number): void {
    this.room.leave(client);
    this.#metrics.gone++;
    if (this.#log.isDebug) {
      this.#log.debug("client gone", { client: client.id, pid: client.connection.pid, errno });
    }
    this.#onEnd(client);
  }

  #postpone(client: Client, errno: number): false {
    const name = `${client.mode} ${client.key}`;
    if (this.#postponed.has(name)) return false;
    this.#metrics.postponed++;
    this.#log.warn("postponed", "a pair has to wait for descriptors", {
      error: new SystemError(errno === ERRNO.ETOOMANYREFS ? "sendmsg" : "socketpair", errno).message,
    });
    this.#postponed.set(name, { mode: client.mode, key: client.key });
    this.#schedule();
    return false;
  }

  /** The first client has its end already; so the second must get the other, if it can be had at all. */
  #owe(client: Client, end: Fd, errno: number): void {
    if (!PASSING.has(errno)) {
      end.close();
      this.#metrics.gone++;
      this.#onEnd(client);
      return;
    }
    this.#metrics.postponed++;
    client.state = "owed";
    this.#owed.set(client, end);
    this.#schedule();
  }

  /**
   * Forgets a client that is gone.
   *
   * @param client A client that waited, or that was owed its end.
   */
  forget(client: Client): void {
    if (client.state === "waiting") this.room.leave(client);
    this.#owed.get(client)?.close();
    this.#owed.delete(client);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#forgetThoseWhoLeft();
    if (this.#payAll()) this.#matchAll();
    if (this.#owed.size + this.#postponed.size > 0) this.#schedule();
  }

  /** Behind a pair that still lacks descriptors they would never be reached. */
  #forgetThoseWhoLeft(): void {
    for (const [name, { mode, key }] of this.#postponed) {
      if (!this.room.match(mode, key)) this.#postponed.delete(name);
    }
  }

  /** What one lacks, all lack: with thousands of them, trying each would be all that is ever done. */
  #matchAll(): void {
    for (const [name, { mode, key }] of this.#postponed) {
      if (!this.match(mode, key)) return;
      this.#postponed.delete(name);
    }
  }

  /** Returns whether nobody is owed anything any more. */
  #payAll(): boolean {
    for (const [client, end] of this.#owed) {
      if (!this.#pay(client, end)) return false;
    }
    return true;
  }

  #pay(client: Client, end: Fd): boolean {
    const errno = client.connection.sendDescriptor(REPLY.subarray(0, client.replyBytes), end);
    if (PASSING.has(errno)) return false;
    this.#owed.delete(client);
    end.close();
    if (errno === 0) this.#metrics.countPair((performance.now() - client.since) / 1000);
    else this.#metrics.gone++;
    this.#onEnd(client);
    return true;
  }

  /** Gives up what is owed and postponed. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const end of this.#owed.values()) end.close();
    this.#owed.clear();
    this.#postponed.clear();
  }
}
