/**
 * Receiving messages that are framed from a stream.
 *
 * @module
 */

import type { Message } from "../../core/message.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { BeamSettings } from "../options.ts";
import { CHUNK_BYTES, FrameReader } from "./frame_reader.ts";
import { type IncomingWire, OTHERS_FIRST, READS_IN_A_ROW } from "./wire.ts";

const AHEAD = { maxBytes: CHUNK_BYTES };

/** Reads the socket, and has frames made into messages. */
export class StreamIncoming implements IncomingWire {
  readonly #socket: UnixSocket;
  readonly #readsAhead: boolean;
  readonly #reader: FrameReader;

  /**
   * Prepares for receiving.
   *
   * @param socket A stream socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    this.#socket = socket;
    this.#readsAhead = settings.readAhead;
    this.#reader = new FrameReader(settings);
  }

  tryReceive(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined | typeof OTHERS_FIRST {
    const reader = this.#reader;
    reader.offer(buffer);
    for (let reads = 0; reads <= READS_IN_A_ROW; reads++) {
      const message = reader.take();
      if (message) return message;
      const target = reader.directTarget;
      if (target) {
        using chunk = this.#socket.tryReceive({ buffer: target });
        if (chunk === undefined) return undefined;
        if (chunk === null) return reader.end();
        reader.filled(chunk);
        continue;
      }
      const chunks = this.#socket.tryReceiveMany(
        this.#readsAhead ? AHEAD : { maxBytes: reader.wanted, maxMessages: 1 },
      );
      if (chunks === undefined) return undefined;
      if (chunks.length === 0) return reader.end();
      reader.add(chunks);
    }
    return OTHERS_FIRST;
  }

  leaveBuffer(): void {
    this.#reader.leaveOffered();
  }

  get isAhead(): boolean {
    return this.#reader.isAhead;
  }

  get usesMemory(): boolean {
    return this.#reader.usesMemory;
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
