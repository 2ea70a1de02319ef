/**
 * One listening socket of a broker.
 *
 * @module
 */

import { acceptConnection, type Connection, isHangup, ONLY_HANGUP, watchListener } from "../core/connection.ts";
import { SystemError } from "../core/errors.ts";
import { EPOLL } from "../core/linux.ts";
import type { UnixListener } from "../core/listener.ts";
import type { ReadyHandler, Watch } from "../core/reactor.ts";

/** How many connections are taken before others get a turn. */
const BATCH = 128;

/** How long to leave connections in the backlog when there are no descriptors for them. */
const PAUSE_MS = 50;

/** What an entrance calls. */
export interface EntranceOwner {
  /** Takes a connection, which is the owner's from now on. */
  onConnection(connection: Connection, entrance: Entrance): void;
  /** Called when no more connections wait for the moment. */
  onBatchEnd(): void;
  /** Called when the listener was shut down by somebody else; the entrance is closed. */
  onLost(entrance: Entrance): void;
  /** Called when accept(2) failed. */
  onAcceptError(error: SystemError, entrance: Entrance): void;
}

/** A listener and what is done with its connections. */
export class Entrance implements ReadyHandler, Disposable {
  /** Its address, as people write it. */
  readonly address: string;
  readonly #listener: UnixListener;
  readonly #owner: EntranceOwner;
  readonly #watch: Watch;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Begins to accept connections.
   *
   * @param listener The listener; the entrance's from now on.
   * @param owner What takes the connections.
   */
  constructor(listener: UnixListener, owner: EntranceOwner) {
    this.address = `${listener.listensAt}`;
    this.#listener = listener;
    this.#owner = owner;
    this.#watch = watchListener(listener, this);
  }

  /** Takes the connections that wait. */
  onReady(events: number): void {
    if (isHangup(events)) {
      // Whoever else holds an inherited socket may shut it down; nobody can connect to it any more.
      this[Symbol.dispose]();
      this.#owner.onLost(this);
      return;
    }
    try {
      for (let count = 0; count < BATCH; count++) {
        const connection = acceptConnection(this.#listener);
        if (!connection) break;
        this.#owner.onConnection(connection, this);
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#pause();
      this.#owner.onAcceptError(error, this);
    } finally {
      this.#owner.onBatchEnd();
    }
  }

  /** A connection that cannot be accepted stays ready: looking away is what keeps this from spinning. */
  #pause(): void {
    this.#watch.change(ONLY_HANGUP);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#watch.change(EPOLL.IN);
    }, PAUSE_MS);
  }

  /** Stops accepting, closes the listener and removes its file. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watch.close();
    this.#listener.close();
  }
}
