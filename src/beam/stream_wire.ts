/**
 * Messages on a stream that are framed.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { MAX_FDS_PER_MESSAGE } from "../core/linux.ts";
import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import { tooLarge } from "./assembly.ts";
import { CHUNK_BYTES, FrameReader } from "./frame_reader.ts";
import { encodePart, HEADER_BYTES, PART_BYTES, PART_MARK, writeHeader } from "./frame.ts";
import { OutgoingParts } from "./outgoing_parts.ts";
import type { BeamSettings } from "./options.ts";
import { Outbox, type Piece } from "./outbox.ts";
import { OTHERS_FIRST, READS_IN_A_ROW, type SendState, type Wire } from "./wire.ts";

/** Up to here a payload is copied behind its header, so that one call sends both. */
const MOST_JOINED_BYTES = 16384;

/** So much of a payload goes through the socket at a time while the memory is full. */
const INLINE_BYTES = 65536;

const AHEAD = { maxBytes: CHUNK_BYTES };

// Calls are synchronous, so one buffer serves every wire.
const joined = new Uint8Array(HEADER_BYTES + MOST_JOINED_BYTES);

/** Speaks libchan's framing, and ipcx's parts for what that cannot carry. */
export class StreamWire implements Wire {
  readonly #socket: UnixSocket;
  readonly #settings: BeamSettings;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #parts: OutgoingParts;

  /**
   * Prepares for messages.
   *
   * @param socket A stream socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    this.#socket = socket;
    this.#settings = settings;
    this.#reader = new FrameReader(settings);
    this.#outbox = new Outbox(socket);
    this.#parts = new OutgoingParts(settings, () => INLINE_BYTES);
  }

  get isWithinMessage(): boolean {
    return this.#outbox.hasBegun;
  }

  begin(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): SendState {
    const { maxBytes, memoryThreshold } = this.#settings;
    if (data.length > maxBytes) throw tooLarge(data.length, maxBytes);
    const isSimple = fds.length <= MAX_FDS_PER_MESSAGE && data.length < memoryThreshold;
    if (!isSimple || data.length > MOST_JOINED_BYTES) {
      this.#outbox.begin(this.#piecesOf(data, fds));
      return this.#outbox.proceed();
    }
    const frame = joined.subarray(0, HEADER_BYTES + data.length);
    writeHeader(frame, data.length, fds.length > 0);
    frame.set(data, HEADER_BYTES);
    const sent = this.#socket.trySend(frame, fds.length > 0 ? { fds } : undefined);
    if (sent === frame.length) return "sent";
    // The buffer is used again by the next one.
    const rest: Piece = sent === undefined ? { data: frame.slice(), fds } : { data: frame.slice(sent) };
    this.#outbox.begin([rest].values());
    if (sent !== undefined) this.#outbox.noteBegun();
    return "socket full";
  }

  *#piecesOf(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): Generator<Piece | "memory full", void> {
    for (const next of this.#parts.of(data, fds)) {
      if (next === "memory full") yield next;
      else {
        const { onRefused } = next;
        yield next.part
          ? { ...partFrame(encodePart(next.part), next.fds), onRefused }
          : headerFrame(next.data!.length, next.fds);
        if (next.data && next.data.length > 0) yield { data: next.data };
      }
    }
  }

  proceed(): SendState {
    return this.#outbox.proceed();
  }

  avoidMemory(): void {
    this.#parts.avoidMemory();
  }

  drop(): void {
    this.#outbox.drop();
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
        this.#settings.readAhead ? AHEAD : { maxBytes: reader.wanted, maxMessages: 1 },
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

  get receivesMemory(): boolean {
    return this.#reader.receivesMemory;
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
    this.#parts[Symbol.dispose]();
    this.#outbox.drop();
  }
}

function headerFrame(length: number, fds: readonly Fd[] = []): Piece {
  const frame = new Uint8Array(HEADER_BYTES);
  writeHeader(frame, length, fds.length > 0);
  return { data: frame, fds };
}

function partFrame(part: Uint8Array, fds: readonly Fd[] = []): Piece {
  const frame = new Uint8Array(HEADER_BYTES + PART_BYTES);
  writeHeader(frame, PART_MARK, fds.length > 0);
  frame.set(part, HEADER_BYTES);
  return { data: frame, fds };
}
