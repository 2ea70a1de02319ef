/**
 * What messages look like on a socket: for each way to speak, one that sends
 * them and one that receives them, neither of which waits.
 *
 * @module
 */

import type { Fd } from "../../core/fd.ts";
import type { Message } from "../../core/message.ts";

/** What has to happen before the rest of a message can be sent: nothing more, room in the socket, or in the memory. */
export type SendState = "sent" | "socket full" | "memory full";

/** Sends messages. */
export interface OutgoingWire extends Disposable {
  /**
   * Whether part of a message has been sent: without the rest, the receiver
   * could make nothing of what follows.
   */
  readonly isWithinMessage: boolean;
  /**
   * Begins to send a message; the one before has been sent or dropped.
   *
   * @param data The payload, to stay as it is until all is sent.
   * @param fds The descriptors, to stay open until then; the caller's.
   * @returns How far it got.
   */
  begin(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): SendState;
  /** Goes on with the message. */
  proceed(): SendState;
  /** Goes on without the memory that is full. */
  avoidMemory(): void;
  /** Forgets a message of which nothing has been sent. */
  drop(): void;
}

/** What is returned after so much was read, without a message in it, that timers and other I/O are due. */
export const OTHERS_FIRST: unique symbol = Symbol("others first");

/** So many reads without a message in them may follow each other. */
export const READS_IN_A_ROW = 64;

/** Receives messages. */
export interface IncomingWire extends Disposable {
  /**
   * Receives what is there.
   *
   * @param buffer Memory of the caller's that a large payload may be put into.
   * @returns A message, null at the end, `undefined` if there is nothing yet, or
   * {@linkcode OTHERS_FIRST} if there may be more to read.
   * @throws {BeamError} For what is no message; the wire is of no use then, unless
   * the code is `"too-large"` on a packet socket. A message whose descriptors were
   * lost is returned, and says so.
   */
  tryReceive(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined | typeof OTHERS_FIRST;
  /** Uses memory of the caller's no longer, though the message is not complete. */
  leaveBuffer(): void;
  /** Whether anything was received ahead and is not taken yet. */
  readonly isAhead: boolean;
  /** Whether payloads come through memory, which whoever receives after us would not know. */
  readonly usesMemory: boolean;
}
