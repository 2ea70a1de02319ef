/**
 * Receiving messages as packets, which the kernel keeps apart.
 *
 * @module
 */

import { isPeerGone } from "../../core/errors.ts";
import { MAX_FDS_PER_MESSAGE } from "../../core/linux.ts";
import type { Message } from "../../core/message.ts";
import type { UnixSocket } from "../../core/socket.ts";
import { MAX_MESSAGES } from "../../core/receive_now.ts";
import { BeamError } from "../errors.ts";
import type { BeamSettings } from "../options.ts";
import { takeMemory } from "./announced_memory.ts";
import { Assembly, tooLarge } from "./assembly.ts";
import { decodePart, INLINE_PACKET_BYTES, isMarked, PACKET_MARK, type Part, PART_HEAD_BYTES } from "./frame.ts";
import type { RingReader } from "./ring.ts";
import { type IncomingWire, OTHERS_FIRST, READS_IN_A_ROW } from "./wire.ts";

/** The largest packet that Linux carries, whatever the buffers. */
const LARGEST_PACKET = 4_263_616;

/** A part with bytes of a payload. */
type Payload = Extract<Part, { length: number }>;

/** Takes packets for messages, and puts those together that came in parts. */
export class PacketIncoming implements IncomingWire {
  readonly #socket: UnixSocket;
  readonly #settings: BeamSettings;
  readonly #assembly: Assembly;
  readonly #limits: { maxBytes: number; maxFds: number; maxMessages: number };
  #ring: RingReader | undefined;
  #packets: Message[] = [];
  #next = 0;
  /** Bytes that are still to come of a message that is too large. */
  #unwanted = 0;
  /** Why nothing follows what is still there. */
  #reset: unknown;

  /**
   * Prepares for receiving.
   *
   * @param socket A packet socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    this.#socket = socket;
    this.#settings = settings;
    this.#assembly = new Assembly(settings);
    this.#limits = {
      maxBytes: Math.min(Math.max(settings.maxBytes, INLINE_PACKET_BYTES) + PART_HEAD_BYTES, LARGEST_PACKET),
      // Memory for large messages comes as a descriptor, too.
      maxFds: MAX_FDS_PER_MESSAGE,
      maxMessages: settings.readAhead ? MAX_MESSAGES : 1,
    };
  }

  tryReceive(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined | typeof OTHERS_FIRST {
    this.#assembly.offer(buffer);
    for (let reads = 0;;) {
      if (this.#next === this.#packets.length) {
        if (++reads > READS_IN_A_ROW) return OTHERS_FIRST;
        const packets = this.#tryReceivePackets();
        // What was taken is let go of, however long the next message takes.
        this.#packets = packets ?? [];
        this.#next = 0;
        if (packets === undefined) return undefined;
        if (packets.length === 0) return this.#end();
      }
      const message = this.#read(this.#packets[this.#next++]);
      if (message) return message;
    }
  }

  #tryReceivePackets(): Message[] | undefined {
    try {
      return this.#socket.tryReceiveMany(this.#limits);
    } catch (error) {
      if (!isPeerGone(error)) throw error;
      // Of packets, unlike of a stream, the kernel tells this before it gives what the peer had sent.
      this.#reset = error;
      return this.#socket.tryReceiveMany(this.#limits);
    }
  }

  #end(): null {
    const reset = this.#reset;
    this.#reset = undefined;
    if (reset !== undefined) throw reset;
    if (this.#assembly.isEmpty && this.#unwanted === 0) return null;
    throw new BeamError("cut-off", "the connection ended within a message");
  }

  #read(packet: Message): Message | undefined {
    if (isMarked(packet.data)) return this.#readPart(packet);
    if (packet.truncated || packet.length > this.#settings.maxBytes) {
      packet[Symbol.dispose]();
      this.#assembly[Symbol.dispose]();
      throw tooLarge(packet.length, this.#settings.maxBytes);
    }
    const isAlone = this.#assembly.isEmpty && this.#unwanted === 0;
    if (isAlone && packet.fds.length <= this.#settings.maxFds) return packet;
    using _rest = packet;
    this.#checkBetween();
    this.#addFds(packet);
    return this.#assembly.finish(packet.data);
  }

  #readPart(packet: Message): Message | undefined {
    using rest = packet;
    const part = packet.data.length >= PART_HEAD_BYTES ? decodePart(packet.data, PACKET_MARK.length) : undefined;
    if (part === undefined) throw new BeamError("protocol", "a part of a message of an unknown kind");
    if (part.kind === "memory") {
      const lot = rest.fdsLost ? "lost" : rest.takeFds();
      if (lot.length === 0) throw new BeamError("protocol", "no memory where it was announced");
      this.#ring = takeMemory(lot, part.memory, this.#ring, this.#settings);
      return undefined;
    }
    if (part.kind === "descriptors") {
      this.#checkBetween();
      this.#addFds(rest);
      return undefined;
    }
    if (this.#unwanted > 0) {
      this.#skip(part);
      return undefined;
    }
    if (part.total > this.#settings.maxBytes) {
      this.#assembly[Symbol.dispose]();
      this.#unwanted = part.total;
      this.#skip(part);
      throw tooLarge(part.total, this.#settings.maxBytes);
    }
    this.#addFds(rest);
    this.#assembly.begin(part.total);
    if (part.kind === "inline") this.#readInline(packet.data.subarray(PART_HEAD_BYTES), part.length);
    else if (this.#ring) this.#ring.take(part, this.#assembly.next(part.length));
    else throw new BeamError("protocol", "a payload in shared memory, of which there is none");
    return this.#assembly.isComplete ? this.#assembly.finish() : undefined;
  }

  #checkBetween(): void {
    if (!this.#assembly.hasBegun && this.#unwanted === 0) return;
    throw new BeamError("protocol", "a message begins within another one");
  }

  /** Leaves out a part of a message that is too large; its memory is free again. */
  #skip(part: Payload): void {
    if (part.length > this.#unwanted) {
      throw new BeamError("protocol", `${part.length} bytes where ${this.#unwanted} are left of a message`);
    }
    this.#unwanted -= part.length;
    if (part.kind === "shared") this.#ring?.pass(part);
  }

  #readInline(bytes: Uint8Array, length: number): void {
    if (bytes.length !== length) {
      throw new BeamError("protocol", `a part of ${bytes.length} bytes calls itself one of ${length}`);
    }
    this.#assembly.next(length).set(bytes);
  }

  #addFds(packet: Message): void {
    this.#assembly.credentials = packet.credentials;
    if (packet.fdsLost) this.#assembly.loseFds();
    this.#assembly.addFds(packet.takeFds());
  }

  leaveBuffer(): void {
    this.#assembly.leaveOffered();
  }

  get isAhead(): boolean {
    return this.#next < this.#packets.length || !this.#assembly.isEmpty || this.#unwanted > 0;
  }

  get usesMemory(): boolean {
    return this.#ring !== undefined;
  }

  [Symbol.dispose](): void {
    for (const packet of this.#packets.slice(this.#next)) packet[Symbol.dispose]();
    this.#packets = [];
    this.#next = 0;
    this.#assembly[Symbol.dispose]();
    this.#ring?.[Symbol.dispose]();
    this.#ring = undefined;
  }
}
