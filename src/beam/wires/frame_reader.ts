/**
 * From the bytes and descriptors of a stream to messages.
 *
 * @module
 */

import { closeAll } from "../../core/fd.ts";
import type { Message } from "../../core/message.ts";
import { type Lot, takeMemory } from "./announced_memory.ts";
import { Assembly, tooLarge } from "./assembly.ts";
import { BeamError } from "../errors.ts";
import { decodePart, FDS_BIT, HEADER_BYTES, type Part, PART_BYTES, PART_MARK, readHeader } from "./frame.ts";
import type { BeamSettings } from "../options.ts";
import type { RingReader } from "./ring.ts";

/** The most bytes of a read: whoever keeps a message keeps what was read with it. */
export const CHUNK_BYTES = 16384;

/** From here on the rest of a payload is received where it belongs, without a copy between. */
const LEAST_DIRECT_BYTES = 8192;

/** Reads frames, one message at a time; owner of all that came and was not taken. */
export class FrameReader implements Disposable {
  readonly #settings: BeamSettings;
  readonly #assembly: Assembly;
  readonly #head = new Uint8Array(HEADER_BYTES + PART_BYTES);
  #headFilled = 0;
  #headLength = HEADER_BYTES;
  /** Bytes of the payload that are still to come here. */
  #missing = 0;
  /** What no header has claimed yet; the oldest is that of a header which is not complete. */
  readonly #lots: Lot[] = [];
  #ring: RingReader | undefined;
  #chunks: readonly Message[] = [];
  /** The chunk that is being read, and how far. */
  #chunk = 0;
  #at = 0;
  #message: Message | undefined;

  /**
   * Begins at the beginning of a stream.
   *
   * @param settings The limits.
   */
  constructor(settings: BeamSettings) {
    this.#settings = settings;
    this.#assembly = new Assembly(settings);
  }

  /** Whether it is within a message. */
  get isWithinMessage(): boolean {
    return this.#headFilled > 0 || this.#missing > 0 || !this.#assembly.isEmpty;
  }

  /** Whether anything is here that was not taken. */
  get isAhead(): boolean {
    return this.#chunk < this.#chunks.length || this.isWithinMessage;
  }

  /** Whether payloads come through memory. */
  get usesMemory(): boolean {
    return this.#ring !== undefined;
  }

  /** The bytes that are missing until something can be made of them: all that may be read where nothing is read ahead. */
  get wanted(): number {
    return this.#missing || this.#headLength - this.#headFilled;
  }

  /** Where the rest of a large payload belongs, for {@linkcode filled}; `undefined` if it is read with others. */
  get directTarget(): Uint8Array<ArrayBuffer> | undefined {
    return this.#missing >= LEAST_DIRECT_BYTES ? this.#assembly.peek(this.#missing) : undefined;
  }

  /** Offers memory of the caller's for the next payload. */
  offer(buffer: Uint8Array<ArrayBuffer> | undefined): void {
    this.#assembly.offer(buffer);
  }

  /** Leaves the memory that was offered. */
  leaveOffered(): void {
    this.#assembly.leaveOffered();
  }

  /**
   * Reads what is here up to the end of a message.
   *
   * @returns The message, now the caller's, or `undefined` if none is complete.
   * @throws {BeamError} For what is no message, or above a limit.
   */
  take(): Message | undefined {
    while (this.#message === undefined && this.#chunk < this.#chunks.length) {
      const chunk = this.#chunks[this.#chunk];
      const bytes = chunk.data;
      if (this.#at === 0) this.#begin(chunk);
      this.#at += this.#missing > 0 ? this.#readPayload(bytes, this.#at) : this.#readHead(bytes, this.#at);
      if (this.#at === bytes.length) this.#end(chunk);
    }
    const message = this.#message;
    this.#message = undefined;
    return message;
  }

  #begin(chunk: Message): void {
    this.#assembly.credentials = chunk.credentials;
    if (chunk.fdsLost) this.#lots.push("lost");
    else if (chunk.fds.length > 0) this.#lots.push(chunk.takeFds());
  }

  #end(chunk: Message): void {
    chunk.pidfd?.close();
    this.#chunk++;
    this.#at = 0;
    if (this.#lots.length === 0) return;
    // Descriptors come with a first byte, so a header that announces them has begun in the same read.
    const isAnnounced = this.#headFilled > 0 && (this.#head[0] & 0x80) !== 0;
    if (!isAnnounced || this.#lots.length > 1) throw stray();
  }

  /**
   * Notes the end of the stream.
   *
   * @returns Null, for a caller to pass on.
   * @throws {BeamError} If it is within a message.
   */
  end(): null {
    if (!this.isWithinMessage) return null;
    throw new BeamError("cut-off", "the connection ended within a message");
  }

  /** Notes that a part of {@linkcode directTarget} was filled. */
  filled(chunk: Message): void {
    if (chunk.fds.length > 0 || chunk.controlTruncated) throw stray();
    this.#assembly.next(chunk.data.length);
    this.#missing -= chunk.data.length;
    this.#assembly.credentials = chunk.credentials;
    this.#completeIfAllIsThere();
  }

  /**
   * Goes on with what the socket had, once all before it is taken.
   *
   * @param chunks The bytes and descriptors; the reader's from now on.
   */
  add(chunks: readonly Message[]): void {
    this.#chunks = chunks;
    this.#chunk = 0;
    this.#at = 0;
  }

  #completeIfAllIsThere(): void {
    if (this.#missing === 0 && this.#assembly.isComplete) this.#message = this.#assembly.finish();
  }

  #readPayload(bytes: Uint8Array<ArrayBuffer>, at: number): number {
    const length = Math.min(this.#missing, bytes.length - at);
    this.#assembly.next(length).set(bytes.subarray(at, at + length));
    this.#missing -= length;
    this.#completeIfAllIsThere();
    return length;
  }

  #readHead(bytes: Uint8Array<ArrayBuffer>, at: number): number {
    if (this.#headFilled === 0 && bytes.length - at >= HEADER_BYTES) {
      const header = readHeader(bytes, at);
      const length = (header & PART_MARK) >>> 0;
      if (length !== PART_MARK) return HEADER_BYTES + this.#readWhole(header, length, bytes, at + HEADER_BYTES);
    }
    const taken = Math.min(this.#headLength - this.#headFilled, bytes.length - at);
    this.#head.set(bytes.subarray(at, at + taken), this.#headFilled);
    this.#headFilled += taken;
    if (this.#headFilled === this.#headLength) this.#readCollected();
    return taken;
  }

  /** A header that came in pieces, or that of a part, is complete. */
  #readCollected(): void {
    const header = readHeader(this.#head, 0);
    const length = (header & PART_MARK) >>> 0;
    if (length === PART_MARK && this.#headLength === HEADER_BYTES) {
      this.#headLength = HEADER_BYTES + PART_BYTES;
      return;
    }
    this.#headFilled = 0;
    this.#headLength = HEADER_BYTES;
    if (length === PART_MARK) this.#readPart(header, decodePart(this.#head, HEADER_BYTES));
    else this.#readWhole(header, length, this.#head, this.#head.length);
  }

  /** A message in one frame; returns how much of the payload was there already. */
  #readWhole(header: number, length: number, bytes: Uint8Array<ArrayBuffer>, at: number): number {
    if (this.#assembly.hasBegun) throw new BeamError("protocol", "a message begins within another one");
    if (header & FDS_BIT) this.#claim();
    if (length > this.#settings.maxBytes) throw tooLarge(length, this.#settings.maxBytes);
    if (bytes.length - at < length) {
      this.#assembly.begin(length);
      this.#missing = length;
      return 0;
    }
    // Not copied again: the chunk is small, and memory of its own would cost more than the message.
    this.#message = this.#assembly.finish(bytes.subarray(at, at + length));
    return length;
  }

  #readPart(header: number, part: Part | undefined): void {
    if (part === undefined) throw new BeamError("protocol", "a part of a message of an unknown kind");
    if (part.kind === "memory") return this.#useMemory(header, part.memory);
    if (header & FDS_BIT) this.#claim();
    if (part.kind === "descriptors") return;
    this.#assembly.begin(part.total);
    if (part.kind === "inline") this.#missing = this.#assembly.peek(part.length).length;
    else this.#ringOrThrow().take(part, this.#assembly.next(part.length));
    this.#completeIfAllIsThere();
  }

  #useMemory(header: number, name: number): void {
    const lot = header & FDS_BIT ? this.#lots.shift() : undefined;
    if (lot === undefined) throw new BeamError("protocol", "no memory where it was announced");
    this.#ring = takeMemory(lot, name, this.#ring, this.#settings);
  }

  #ringOrThrow(): RingReader {
    if (this.#ring) return this.#ring;
    throw new BeamError("protocol", "a payload in shared memory, of which there is none");
  }

  /** Descriptors belong to the headers that announce them, in their order. */
  #claim(): void {
    const lot = this.#lots.shift();
    if (lot === undefined) throw new BeamError("protocol", "descriptors were announced, and none came");
    if (lot === "lost") this.#assembly.loseFds();
    else this.#assembly.addFds(lot);
  }

  /** Closes all that was not taken. */
  [Symbol.dispose](): void {
    for (const chunk of this.#chunks.slice(this.#chunk)) chunk[Symbol.dispose]();
    this.#chunks = [];
    this.#chunk = 0;
    this.#message?.[Symbol.dispose]();
    this.#message = undefined;
    for (const lot of this.#lots.splice(0)) if (lot !== "lost") closeAll(lot);
    this.#assembly[Symbol.dispose]();
    this.#ring?.[Symbol.dispose]();
    this.#ring = undefined;
  }
}

function stray(): BeamError {
  return new BeamError("protocol", "descriptors came that no message had announced");
}
