/**
 * The connection of one client: request, reply, request, reply.
 *
 * A reply may carry descriptors, and those count for the holder's user until they
 * are taken (ETOOMANYREFS). So nobody gets a second reply who has not read the
 * first, and who leaves one unread keeps its connection, and its place among the
 * clients, until it hangs up.
 *
 * @module
 */

import { ClosedError, SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { type JsonPacket, JsonPackets, PacketError } from "../core/json_packets.ts";
import { ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import type { UnixSocket } from "../core/socket.ts";
import { unreadBytes } from "../core/unread.ts";
import { HoldError } from "./hold_error.ts";
import type { HoldPeer, Outcome } from "./operations.ts";
import { type HoldReply, type HoldRequest, MAX_REQUEST_BYTES, readRequest } from "./protocol.ts";

/** What a session asks of its holder. */
export interface SessionOwner {
  /** How long a client may take for each request, in milliseconds; 0 for no limit. */
  readonly requestTimeout: number;
  /** Does what a client asks for, or throws a {@linkcode HoldError}. */
  perform(packet: JsonPacket<HoldRequest>, peer: HoldPeer): Outcome;
  /** Told of what was refused. */
  onRefused(error: HoldError, peer: HoldPeer): void;
  /** Told of a client that leaves a reply unread. */
  onUnread(peer: HoldPeer): void;
}

const encoder = new TextEncoder();

/** How a connection goes on: with the next request, not at all, or only until a client hangs up that left a reply unread. */
type Course = "next" | "over" | "unread";

/** A connection that is over; nobody is left to be told. */
function isOver(error: unknown): boolean {
  return error instanceof SystemError || error instanceof ClosedError;
}

/** What the client is told of bytes that are no request. */
function refusalOf(error: PacketError): HoldError {
  const isLost = error.reason === "descriptors lost";
  const message = isLost ? "the holder has no room for descriptors: RLIMIT_NOFILE is reached" : error.message;
  return new HoldError(isLost ? "lost" : "invalid", message);
}

function replyOf({ reason, message }: HoldError): HoldReply {
  return { ok: false, error: reason, message };
}

/** One client. */
export class Session implements Disposable {
  readonly #packets: JsonPackets<HoldRequest>;
  readonly #peer: HoldPeer;
  readonly #owner: SessionOwner;

  /**
   * Begins nothing yet.
   *
   * @param socket The connection; the session's from now on.
   * @param peer Who is at its other end.
   * @param owner The holder.
   */
  constructor(socket: UnixSocket, peer: HoldPeer, owner: SessionOwner) {
    this.#packets = new JsonPackets(socket, { maxBytes: MAX_REQUEST_BYTES, check: readRequest });
    this.#peer = peer;
    this.#owner = owner;
  }

  /**
   * Serves the client until it hangs up, errs, or takes too long.
   *
   * @returns A promise without a value; the connection is closed then.
   */
  async serve(): Promise<void> {
    await this.#untilOver(async () => {
      let course: Course;
      do course = await this.#serveOne(); while (course === "next");
      if (course === "unread") await this.#waitForHangup();
    });
  }

  /**
   * Waits for the first request and refuses it without a look at it: what a
   * stranger sends along is never opened here, so that not even closing it can
   * take time.
   *
   * @param error What it is told.
   * @returns A promise without a value; the connection is closed then.
   */
  async refuse(error: HoldError): Promise<void> {
    await this.#untilOver(async () => {
      const { socket } = this.#packets;
      const isThere = await this.#inTime(async (signal) => {
        // Plain reading leaves descriptors behind (unix(7)).
        while (native.ipcx_try_read(socket.fd.number, new Uint8Array(1), 1) === -ERRNO.EAGAIN) {
          await socket.ready("readable", { signal });
        }
        return true;
      });
      if (isThere) this.#tell(error);
    });
  }

  /**
   * Refuses the client whatever it is about to ask.
   *
   * @param error What it is told.
   */
  async turnAway(error: HoldError): Promise<void> {
    await this.#untilOver(() => Promise.resolve(this.#tell(error)));
  }

  async #untilOver(serve: () => Promise<void>): Promise<void> {
    try {
      await serve();
    } catch (error) {
      if (!isOver(error)) throw error;
    } finally {
      this.#packets.close();
    }
  }

  /** What came is closed again before anything is waited for. */
  async #serveOne(): Promise<Course> {
    try {
      using packet = await this.#inTime((signal) => this.#packets.receive({ signal }));
      if (this.#hasUnread) return "unread";
      return packet ? this.#answer(packet) : "over";
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      if (this.#hasUnread) return "unread";
      this.#tell(refusalOf(error));
      return "over";
    }
  }

  /** Returns nothing when time is up. */
  async #inTime<T>(operation: (signal?: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { requestTimeout } = this.#owner;
    if (requestTimeout === 0) return await operation();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), requestTimeout);
    try {
      return await operation(late.signal);
    } catch (error) {
      if (late.signal.aborted) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** In one go: what is to go along is still held when it is sent, and nobody else's by the time it is let go. */
  #answer(packet: JsonPacket<HoldRequest>): Course {
    try {
      const { reply, fds, afterwards } = this.#owner.perform(packet, this.#peer);
      this.#send(reply, fds);
      afterwards?.();
      return "next";
    } catch (error) {
      if (error instanceof SystemError && error.errno === ERRNO.ETOOMANYREFS) {
        this.#tell(new HoldError("busy", "too many descriptors are on their way to clients: try again"));
        return "next";
      }
      if (!(error instanceof HoldError)) throw error;
      this.#tell(error);
      return error.reason === "invalid" ? "over" : "next";
    }
  }

  #tell(error: HoldError): void {
    this.#owner.onRefused(error, this.#peer);
    this.#send(replyOf(error));
  }

  /** There is room: the client has read everything before this. */
  #send(reply: HoldReply, fds: readonly Fd[] = []): void {
    const { socket } = this.#packets;
    if (socket.trySend(encoder.encode(JSON.stringify(reply)), { fds }) !== undefined) return;
    throw new SystemError("sendmsg", ERRNO.EAGAIN, { pid: this.#peer.pid });
  }

  get #hasUnread(): boolean {
    return unreadBytes(this.#packets.socket.fd) > 0;
  }

  async #waitForHangup(): Promise<void> {
    this.#owner.onUnread(this.#peer);
    await this.#packets.socket.ready("hangup");
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.#packets.close();
  }
}
