/**
 * The old process's side: offering all that it has to whoever asks, one at a time.
 *
 * @module
 */

import { Acceptor } from "../core/acceptor.ts";
import type { Credentials } from "../core/credentials.ts";
import type { FileIdentity } from "../core/directory_entry.ts";
import { isPeerGone } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { type JsonPacket, JsonPackets, PacketError } from "../core/json_packets.ts";
import { UnixSocket } from "../core/socket.ts";
import { HandoverError } from "./errors.ts";
import { checkRequest, FDS_PER_PACKET, MAX_PACKET_BYTES, type Reply, type Request, VERSION } from "./packets.ts";
import { packState } from "./state.ts";

/** How long somebody who has connected may take to say what for, in milliseconds. */
const ASK_MS = 5000;

/** An error's message is cut to this, so that a refusal always fits into its packet. */
const MAX_MESSAGE_LENGTH = 1000;

/** What is offered, and who is told. */
export interface OfferingOwner {
  /** Whether there is anything to hand over yet. */
  readonly isReady: boolean;
  /** The listener for handovers. */
  readonly listener: Fd;
  /** Its socket file. */
  readonly file: FileIdentity | null;
  /** The descriptors, by name. */
  readonly entries: [string, Fd][];
  /** How long a candidate may take, in milliseconds. */
  readonly readyTimeout: number;
  /** Who may ask. */
  allow(peer: Credentials): boolean;
  /** What the next version is to know. */
  state(): unknown;
  /** All is the successor's now; must not throw. */
  onReplaced(successor: Credentials): void;
  /** Somebody asked and does not take over. */
  onFailure(error: HandoverError, candidate: Credentials): void;
}

/** The connection to a candidate. */
type Link = JsonPackets<Request, Reply>;

/** What is under way. */
interface Attempt {
  readonly link: Link;
  /** Who has been offered all. */
  readonly peer: Credentials;
  /** When it is not under way any more. */
  readonly over: Promise<void>;
}

/** Whether a candidate is ready or has gone, which may not have been told of yet. */
function hasDecided({ link }: Attempt): boolean {
  try {
    using message = link.socket.tryReceive({ peek: true, maxFds: 0 });
    return message !== undefined;
  } catch {
    return true;
  }
}

function toHandoverError(error: unknown): HandoverError {
  if (error instanceof HandoverError) return error;
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_LENGTH);
  return new HandoverError(error instanceof PacketError ? "protocol" : "failed", message, error);
}

/** Answers those who ask, until it is closed. */
export class Offering {
  readonly #owner: OfferingOwner;
  readonly #acceptor: Acceptor;
  readonly #links = new Set<Link>();
  #attempt: Attempt | undefined;
  #isClosed = false;

  /**
   * Begins to answer.
   *
   * @param listener Where to accept those who ask, a duplicate of the owner's; given away, closed on failure.
   * @param owner What is offered; its listener stays its own.
   * @throws {SystemError} ENOSPC, ENOMEM.
   */
  constructor(listener: Fd, owner: OfferingOwner) {
    this.#owner = owner;
    try {
      this.#acceptor = new Acceptor(listener, {
        onConnection: (connection) => void this.#attend(connection),
        // Those who ask wait until there is a descriptor for them.
        onFailure: () => {},
      });
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** Whether somebody has been offered all, and may own it by now if this process ends. */
  get isUnderWay(): boolean {
    return this.#attempt !== undefined;
  }

  async #attend(connection: Fd): Promise<void> {
    const socket = UnixSocket.fromFd(connection);
    const link: Link = new JsonPackets(socket, { maxBytes: MAX_PACKET_BYTES, check: checkRequest });
    const peer = socket.peerCredentials;
    this.#links.add(link);
    try {
      await this.#answer(link, peer);
    } catch (error) {
      this.#refuse(link, peer, toHandoverError(error));
    } finally {
      this.#links.delete(link);
      link.close();
    }
  }

  async #answer(link: Link, peer: Credentials): Promise<void> {
    if (!this.#owner.allow(peer)) {
      throw new HandoverError("not allowed", `user ${peer.uid} may not take over from this process`);
    }
    using question = await this.#question(link);
    // Somebody wanted to know whether the address is in use.
    if (question === null) return;
    if (question.value.type !== "ask" || question.value.version !== VERSION) {
      throw new HandoverError("protocol", `this process speaks version ${VERSION} of the handover protocol only`);
    }
    if (!this.#owner.isReady) throw new HandoverError("not ready", `process ${Deno.pid} is not ready yet itself`);
    while (this.#attempt) {
      const { peer, over } = this.#attempt;
      if (!hasDecided(this.#attempt)) throw new HandoverError("busy", `process ${peer.pid} is taking over already`);
      await over;
    }
    if (!this.#isClosed) await this.#attemptWith(link, peer);
  }

  async #question(link: Link): Promise<JsonPacket<Request> | null> {
    const late = AbortSignal.timeout(ASK_MS);
    try {
      return await receive(link, late);
    } catch (error) {
      throw error === late.reason
        ? new HandoverError("timeout", `nothing was asked within ${ASK_MS} ms`, error)
        : error;
    }
  }

  async #attemptWith(link: Link, peer: Credentials): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#attempt = { link, peer, over };
    const { readyTimeout } = this.#owner;
    const late = AbortSignal.timeout(readyTimeout);
    try {
      await this.#offer(link, late);
      using answer = await receive(link, late);
      this.#conclude(link, peer, answer);
    } catch (error) {
      if (error !== late.reason) throw error;
      throw new HandoverError("late", `process ${peer.pid} was not ready within ${readyTimeout} ms`, error);
    } finally {
      this.#attempt = undefined;
      resolve();
    }
  }

  async #offer(link: Link, signal: AbortSignal): Promise<void> {
    const { listener, file, entries } = this.#owner;
    const state = packState(await orAborted(this.#owner.state(), signal));
    using _state = state.fd;
    await this.#send(link, { type: "offer", state: state.kind, file, count: entries.length }, {
      fds: state.fd ? [listener, state.fd] : [listener],
      signal,
    });
    for (let at = 0; at < entries.length; at += FDS_PER_PACKET) {
      const some = entries.slice(at, at + FDS_PER_PACKET);
      const names = some.map(([name]) => name);
      await this.#send(link, { type: "descriptors", names }, { fds: some.map(([, fd]) => fd), signal });
    }
  }

  async #send(link: Link, reply: Reply, options: { fds: Fd[]; signal: AbortSignal }): Promise<void> {
    try {
      await link.send(reply, options);
    } catch (error) {
      throw isPeerGone(error) ? new HandoverError("ended", "it ended while it was offered all", error) : error;
    }
  }

  /** Nothing is awaited here: the candidate owns all, or this process does. */
  #conclude(link: Link, peer: Credentials, answer: JsonPacket<Request> | null): void {
    if (answer === null) throw new HandoverError("ended", `process ${peer.pid} ended before it was ready`);
    if (answer.value.type !== "ready") throw new HandoverError("protocol", "it asks once more instead of being ready");
    if (!trySay(link, { type: "yours" })) {
      throw new HandoverError("ended", `process ${peer.pid} ended as soon as it was ready`);
    }
    this.close();
    this.#owner.onReplaced(peer);
  }

  #refuse(link: Link, peer: Credentials, error: HandoverError): void {
    // Whoever has gone hears nothing of it.
    trySay(link, { type: "refuse", reason: error.reason, message: error.message });
    if (!this.#isClosed) this.#owner.onFailure(error, peer);
  }

  /** Answers nobody any more; those who are being answered see the end of the connection. */
  close(): void {
    this.#isClosed = true;
    this.#acceptor.close();
    for (const link of this.#links) link.close();
  }
}

/** Waits for a value, but not beyond an abort. */
async function orAborted<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Receives a packet, or null at the end, however that came. */
async function receive(link: Link, signal: AbortSignal): Promise<JsonPacket<Request> | null> {
  try {
    return await link.receive({ signal });
  } catch (error) {
    if (isPeerGone(error)) return null;
    throw error;
  }
}

/** Says something without waiting; there is room for as little. */
function trySay(link: Link, reply: Reply): boolean {
  try {
    return link.socket.trySend(new TextEncoder().encode(JSON.stringify(reply))) !== undefined;
  } catch {
    return false;
  }
}
