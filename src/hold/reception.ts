/**
 * Receiving the clients of a holder: from connect(2) to their requests.
 *
 * @module
 */

import { delay } from "../core/delay.ts";
import { ClosedError } from "../core/errors.ts";
import type { UnixListener } from "../core/listener.ts";
import type { UnixSocket } from "../core/socket.ts";
import type { ThrottledLog } from "../core/throttled_log.ts";
import { HoldError } from "./hold_error.ts";
import type { HolderLimits } from "./limits.ts";
import type { HoldPeer } from "./operations.ts";
import { PerUser } from "./per_user.ts";
import { Session, type SessionOwner } from "./session.ts";

/** How long to leave connections in the backlog when there are no descriptors for them. */
const PAUSE_MS = 50;

/** What a reception asks of its holder. */
export interface ReceptionOwner extends SessionOwner {
  /** Whether there is anything that a peer may do. */
  knows(peer: HoldPeer): boolean;
}

/** Takes clients in, and serves each. */
export class Reception implements Disposable {
  readonly #limits: Readonly<HolderLimits>;
  readonly #owner: ReceptionOwner;
  readonly #log: ThrottledLog;
  readonly #listeners: UnixListener[] = [];
  readonly #sessions = new Set<Session>();
  readonly #clients = new PerUser();

  /**
   * Opens with nobody inside.
   *
   * @param limits How many clients there can be.
   * @param owner The holder.
   * @param log Where it is told what goes wrong.
   */
  constructor(limits: Readonly<HolderLimits>, owner: ReceptionOwner, log: ThrottledLog) {
    this.#limits = limits;
    this.#owner = owner;
    this.#log = log;
  }

  /** The addresses of its sockets. */
  get sockets(): string[] {
    return this.#listeners.map(({ listensAt }) => `${listensAt}`);
  }

  /** How many clients are connected. */
  get clients(): number {
    return this.#clients.total;
  }

  /**
   * Accepts clients at one more place.
   *
   * @param listener The listener; the reception's from now on.
   */
  listen(listener: UnixListener): void {
    this.#listeners.push(listener);
    void this.#accept(listener);
  }

  /** Nothing ends this but closing the listener: those who cannot be accepted now wait. */
  async #accept(listener: UnixListener): Promise<void> {
    while (listener.fd.isOpen) {
      try {
        this.#receive(await listener.accept());
      } catch (error) {
        if (error instanceof ClosedError) return;
        this.#log.warn("accept", "cannot accept connections for the moment", { error: (error as Error).message });
        await delay(PAUSE_MS);
      }
    }
  }

  #receive(socket: UnixSocket): void {
    let peer: HoldPeer;
    try {
      peer = { ...socket.peerCredentials, groups: socket.peerGroups };
    } catch (error) {
      socket.close();
      throw error;
    }
    void this.#serve(new Session(socket, peer, this.#owner), peer);
  }

  async #serve(session: Session, peer: HoldPeer): Promise<void> {
    const tooMany = this.#tooManyWith(peer);
    if (!tooMany) {
      this.#sessions.add(session);
      this.#clients.add(peer.uid);
    }
    try {
      if (tooMany) await session.turnAway(tooMany);
      else if (this.#owner.knows(peer)) await session.serve();
      else await session.refuse(new HoldError("denied", `uid ${peer.uid} may do nothing here`));
    } catch (error) {
      // A fault of ours that one client brings about must not end the service for all.
      this.#log.error("fault", { error: (error as Error).stack ?? `${error}` });
    } finally {
      session[Symbol.dispose]();
      if (this.#sessions.delete(session)) this.#clients.remove(peer.uid);
    }
  }

  #tooManyWith({ uid }: HoldPeer): HoldError | undefined {
    const { maxClients, maxClientsPerUid } = this.#limits;
    if (this.#clients.total >= maxClients) {
      return new HoldError("busy", `${maxClients} clients are connected, which is the most: try again`);
    }
    if (this.#clients.of(uid) < maxClientsPerUid) return undefined;
    return new HoldError(
      "busy",
      `${maxClientsPerUid} clients of uid ${uid} are connected, which is the most: try again`,
    );
  }

  /** Closes the sockets, removes their files, and disconnects everybody. */
  [Symbol.dispose](): void {
    for (const listener of this.#listeners) listener.close();
    for (const session of this.#sessions) session[Symbol.dispose]();
  }
}
