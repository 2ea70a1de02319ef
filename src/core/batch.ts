/**
 * Many packets in one call (sendmmsg(2), recvmmsg(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { ERRNO, MSG } from "./linux.ts";
import { native } from "./native.ts";

/** The slots of `enum ipcx_batch` in ffi/ipcx.h. */
const SLOT = { OFFSET: 0, LENGTH: 1, FLAGS: 2 };
const SLOTS = 3;

/** The most packets of a batch: so many the kernel takes at once (UIO_MAXIOV). */
const MOST_PACKETS = 1024;

/** What a slot can tell the offset of. */
const MOST_BYTES = 0x7fffffff;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How large a batch is. */
export interface PacketBatchOptions {
  /** The most packets, 1–1024; by default 64. More than 64 in a call gain nothing. */
  maxPackets?: number;
  /** The most bytes of each, from 1; by default 2048. All of them together are at most 2147483647. */
  maxBytes?: number;
}

/**
 * Room for packets or datagrams that are sent or received in one call.
 *
 * It is used again and again, so that nothing has to be made for each packet:
 * what was received is there until the next use. It carries bytes only; for
 * descriptors and credentials there is `UnixSocket.receiveMany`.
 *
 * @example
 * ```ts
 * import { PacketBatch, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair("seqpacket");
 * const batch = new PacketBatch();
 * for (const word of ["many", "packets", "one call"]) batch.add(word);
 * await left.sendBatch(batch);
 *
 * const received = new PacketBatch();
 * assertEquals(await right.receiveBatch(received), 3);
 * assertEquals(received.text(1), "packets");
 * left.close();
 * right.close();
 * ```
 */
export class PacketBatch implements Iterable<Uint8Array<ArrayBuffer>> {
  /** The most packets. */
  readonly maxPackets: number;
  /** The most bytes of each. */
  readonly maxBytes: number;
  readonly #data: Uint8Array<ArrayBuffer>;
  readonly #slots: Int32Array<ArrayBuffer>;
  readonly #dataPointer: Deno.PointerValue;
  readonly #slotsPointer: Deno.PointerValue;
  #count = 0;

  /**
   * Makes room; memory counts once it is used.
   *
   * @param options How much.
   * @throws {RangeError} For numbers out of their ranges.
   */
  constructor(options: PacketBatchOptions = {}) {
    const { maxPackets = 64, maxBytes = 2048 } = options;
    if (!Number.isInteger(maxPackets) || maxPackets < 1 || maxPackets > MOST_PACKETS) {
      throw new RangeError(`maxPackets is a whole number from 1 to ${MOST_PACKETS}, not ${maxPackets}`);
    }
    const most = Math.floor(MOST_BYTES / maxPackets);
    if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > most) {
      throw new RangeError(`maxBytes of ${maxPackets} packets is a whole number from 1 to ${most}, not ${maxBytes}`);
    }
    this.maxPackets = maxPackets;
    this.maxBytes = maxBytes;
    this.#data = new Uint8Array(maxPackets * maxBytes);
    this.#slots = new Int32Array(maxPackets * SLOTS);
    this.#dataPointer = Deno.UnsafePointer.of(this.#data);
    this.#slotsPointer = Deno.UnsafePointer.of(this.#slots);
  }

  /** How many packets are in it. */
  get count(): number {
    return this.#count;
  }

  /** Whether no packet can be added. */
  get isFull(): boolean {
    return this.#count === this.maxPackets;
  }

  /** Takes all packets out. */
  clear(): void {
    this.#count = 0;
  }

  /**
   * Adds a packet, to be sent.
   *
   * @param data Its bytes, which are copied; text is taken as UTF-8.
   * @throws {RangeError} If it is too large, or the batch is full.
   */
  add(data: Uint8Array | string): void {
    if (this.isFull) throw new RangeError(`the batch is full: it has ${this.maxPackets} packets`);
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    if (bytes.length > this.maxBytes) {
      throw new RangeError(`a packet of ${bytes.length} bytes; ${this.maxBytes} is the most of this batch`);
    }
    const offset = this.#count * this.maxBytes;
    this.#data.set(bytes, offset);
    const slots = this.#count * SLOTS;
    this.#slots[slots + SLOT.OFFSET] = offset;
    this.#slots[slots + SLOT.LENGTH] = bytes.length;
    this.#slots[slots + SLOT.FLAGS] = 0;
    this.#count++;
  }

  #slot(index: number, slot: number): number {
    if (index >= 0 && index < this.#count) return this.#slots[index * SLOTS + slot];
    throw new RangeError(`there is no packet ${index}: the batch has ${this.#count}`);
  }

  /**
   * Tells how long a packet was as it was sent, which is more than
   * {@linkcode bytes} gives if it was truncated.
   *
   * @param index Which one, from 0.
   * @returns Its bytes.
   * @throws {RangeError} If there is no such packet.
   */
  lengthOf(index: number): number {
    return this.#slot(index, SLOT.LENGTH);
  }

  /**
   * Tells whether bytes of a packet were lost, because it has more than `maxBytes` (MSG_TRUNC).
   *
   * @param index Which one, from 0.
   * @returns Whether it is so.
   * @throws {RangeError} If there is no such packet.
   */
  isTruncated(index: number): boolean {
    return (this.#slot(index, SLOT.FLAGS) & MSG.TRUNC) !== 0;
  }

  /**
   * Tells whether descriptors or credentials came with a packet, which are lost (MSG_CTRUNC).
   *
   * @param index Which one, from 0.
   * @returns Whether it is so.
   * @throws {RangeError} If there is no such packet.
   */
  isControlTruncated(index: number): boolean {
    return (this.#slot(index, SLOT.FLAGS) & MSG.CTRUNC) !== 0;
  }

  /**
   * Gives the bytes of a packet, which change with the next use of the batch.
   *
   * @param index Which one, from 0.
   * @returns A view of them.
   * @throws {RangeError} If there is no such packet.
   */
  bytes(index: number): Uint8Array<ArrayBuffer> {
    const offset = this.#slot(index, SLOT.OFFSET);
    return this.#data.subarray(offset, offset + Math.min(this.lengthOf(index), this.maxBytes));
  }

  /**
   * Gives a packet as UTF-8 text.
   *
   * @param index Which one, from 0.
   * @returns The text.
   * @throws {RangeError} If there is no such packet.
   */
  text(index: number): string {
    return decoder.decode(this.bytes(index));
  }

  /** Gives the bytes of packet after packet, as {@linkcode bytes} does. */
  *[Symbol.iterator](): Iterator<Uint8Array<ArrayBuffer>> {
    for (let index = 0; index < this.#count; index++) yield this.bytes(index);
  }

  /** How many packets from one on are there as a whole: of one that was cut off behind them, the rest is not ours to send. */
  #wholeFrom(from: number): number {
    if (!Number.isInteger(from) || from < 0 || from > this.#count) {
      throw new RangeError(`a batch of ${this.#count} packets is not sent from ${from} on`);
    }
    let end = from;
    while (end < this.#count && this.#slots[end * SLOTS + SLOT.LENGTH] <= this.maxBytes) end++;
    if (end > from || end === this.#count) return end - from;
    const length = this.lengthOf(from);
    throw new RangeError(
      `packet ${from} was cut off as it was received: it had ${length} bytes, of which ${this.maxBytes} are left`,
    );
  }

  /**
   * Hands packets to the kernel, for the socket that owns the descriptor.
   *
   * @param fd The descriptor.
   * @param from The first packet, from 0.
   * @param name The bytes of the destination's name, or null.
   * @param address The destination, for an error to name.
   * @returns How many were taken, or `undefined` if there is no room for one.
   * @throws {RangeError} If there is no such packet, or if it was truncated as it was received.
   * @throws {SystemError} As sendmmsg(2).
   */
  sendNow(fd: number, from: number, name: Uint8Array<ArrayBuffer> | null, address?: string): number | undefined {
    const count = this.#wholeFrom(from);
    const rest = from === 0 ? this.#slotsPointer : Deno.UnsafePointer.of(this.#slots.subarray(from * SLOTS));
    const result = native.ipcx_send_batch(fd, this.#dataPointer, rest, count, name, name?.length ?? 0);
    if (result === -ERRNO.EAGAIN) return undefined;
    return check(result, "sendmmsg", address === undefined ? {} : { address });
  }

  /**
   * Takes packets from the kernel, for the socket that owns the descriptor.
   *
   * @param fd The descriptor.
   * @param end How the end of the connection is known: `enum ipcx_end` in ffi/ipcx.h.
   * @returns How many, 0 at the end, or `undefined` if there is nothing yet.
   * @throws {SystemError} As recvmmsg(2).
   */
  receiveNow(fd: number, end: number): number | undefined {
    this.#count = 0;
    const { maxBytes, maxPackets } = this;
    const result = native.ipcx_receive_batch(fd, this.#dataPointer, maxBytes, this.#slotsPointer, maxPackets, end);
    if (result === -ERRNO.EAGAIN) return undefined;
    this.#count = check(result, "recvmmsg");
    return this.#count;
  }
}
