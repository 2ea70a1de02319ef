/**
 * Sending messages of which some are taken apart.
 *
 * @module
 */

import type { Fd } from "../../core/fd.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { BeamSettings } from "../options.ts";
import { Outbox, type Piece } from "./outbox.ts";
import { OutgoingParts } from "./outgoing_parts.ts";
import type { OutgoingWire, SendState } from "./wire.ts";

/** What frames and packets have in common: pieces that wait for room, and memory. */
export abstract class PartsOutgoing implements OutgoingWire {
  /** The pieces of the message that is being sent. */
  protected readonly outbox: Outbox;
  /** Takes messages apart. */
  protected readonly parts: OutgoingParts;

  /**
   * Prepares for sending.
   *
   * @param socket The socket, which stays the caller's.
   * @param settings The limits.
   * @param inlineBytes How much of a payload goes through the socket at a time, while the memory is full.
   */
  protected constructor(socket: UnixSocket, settings: BeamSettings, inlineBytes: () => number) {
    this.outbox = new Outbox(socket);
    this.parts = new OutgoingParts(settings, inlineBytes);
  }

  abstract begin(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): SendState;

  /** Begins with a message that has several pieces, or one that is as it goes over the socket. */
  protected beginPieces(pieces: Iterator<Piece | "memory full", void>): SendState {
    this.outbox.begin(pieces);
    return this.outbox.proceed();
  }

  get isWithinMessage(): boolean {
    return this.outbox.hasBegun;
  }

  proceed(): SendState {
    return this.outbox.proceed();
  }

  avoidMemory(): void {
    this.parts.avoidMemory();
  }

  drop(): void {
    this.outbox.drop();
  }

  [Symbol.dispose](): void {
    this.outbox.drop();
    this.parts[Symbol.dispose]();
  }
}
