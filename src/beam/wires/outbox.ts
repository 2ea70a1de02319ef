/**
 * What is to be sent, piece by piece, as fast as the socket takes it.
 *
 * @module
 */

import { isPeerGone, SystemError } from "../../core/errors.ts";
import type { Fd } from "../../core/fd.ts";
import type { UnixSocket } from "../../core/socket.ts";

const NONE: readonly Fd[] = [];

/** Bytes and descriptors for one sendmsg(2), or for several if the socket takes them in pieces. */
export interface Piece {
  /** The bytes. */
  data: Uint8Array<ArrayBuffer>;
  /** The descriptors that go with the first of them. */
  fds?: readonly Fd[];
  /** Told if the kernel refuses it. A piece that has this is no part of the message, which goes on without it. */
  onRefused?: () => void;
}

/** What a message is made of: pieces, or `"memory full"` as often as there is no room for the next one. */
export type Pieces = Iterator<Piece | "memory full", void>;

/** Sends the pieces of one message. */
export class Outbox {
  readonly #socket: UnixSocket;
  #pieces: Pieces | undefined;
  #rest: Piece | undefined;
  #hasBegun = false;

  /**
   * Prepares for sending.
   *
   * @param socket The socket, which stays the caller's.
   */
  constructor(socket: UnixSocket) {
    this.#socket = socket;
  }

  /** Whether some of the message is sent, and some is not. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes the pieces of a message; those of the one before are all sent. */
  begin(pieces: Pieces): void {
    this.#pieces = pieces;
    this.#hasBegun = false;
  }

  /** Notes that part of the message was sent before it came here. */
  noteBegun(): void {
    this.#hasBegun = true;
  }

  /** Forgets what is not sent. */
  drop(): void {
    this.#pieces?.return?.();
    this.#pieces = undefined;
    this.#rest = undefined;
    this.#hasBegun = false;
  }

  /**
   * Sends what can be sent now.
   *
   * @returns Whether that was all, or what it takes to go on.
   * @throws {SystemError} As sendmsg(2).
   */
  proceed(): "sent" | "socket full" | "memory full" {
    for (;;) {
      if (this.#rest === undefined) {
        const next = this.#pieces?.next();
        if (next === undefined || next.done) {
          this.drop();
          return "sent";
        }
        if (next.value === "memory full") return next.value;
        this.#rest = next.value;
      }
      const piece = this.#rest;
      const sent = this.#trySend(piece);
      if (sent === undefined) return "socket full";
      this.#rest = sent < piece.data.length ? { data: piece.data.subarray(sent) } : undefined;
      this.#hasBegun ||= piece.onRefused === undefined || this.#rest !== undefined;
    }
  }

  #trySend({ data, fds = NONE, onRefused }: Piece): number | undefined {
    try {
      return this.#socket.trySend(data, fds.length > 0 ? { fds } : undefined);
    } catch (error) {
      if (onRefused === undefined || !(error instanceof SystemError) || isPeerGone(error)) throw error;
      onRefused();
      return data.length;
    }
  }
}
