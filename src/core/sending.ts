/**
 * Sending in turn, and waiting for room.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "./address.ts";
import type { PacketBatch } from "./batch.ts";
import { Destinations } from "./destinations.ts";
import { socketNumber } from "./endpoint.ts";
import { areOthersDue, countOperations, letOthersRun } from "./fairness.ts";
import type { Fd } from "./fd.ts";
import { MAX_FDS_PER_MESSAGE } from "./linux.ts";
import type { Payload, SendOptions } from "./message.ts";
import type { SocketType } from "./options.ts";
import { lengthOf, MAX_PARTS } from "./parts.ts";
import { reach } from "./reach.ts";
import { sendNow, sendPartsNow } from "./send_now.ts";
import type { Traffic } from "./traffic.ts";
import type { Turns } from "./turns.ts";
import { sendUrgentNow } from "./urgent.ts";
import type { Waiters } from "./waiters.ts";
import { WOULD_BLOCK } from "./would_block.ts";

const NOTHING_ALONG: SendOptions = {};
const encoder = new TextEncoder();

/** What is sent, with text turned into bytes. */
type Bytes = Uint8Array<ArrayBuffer> | readonly Uint8Array<ArrayBuffer>[];

function bytesOf(data: Payload): Bytes {
  return typeof data === "string" ? encoder.encode(data) : data;
}

function sizeOf(bytes: Bytes): number {
  return bytes instanceof Uint8Array ? bytes.length : lengthOf(bytes);
}

function joined(bytes: Bytes): Uint8Array<ArrayBuffer> {
  if (bytes instanceof Uint8Array) return bytes;
  const whole = new Uint8Array(lengthOf(bytes));
  let end = 0;
  for (const part of bytes) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/** The sending side of one socket. */
export class Sending {
  readonly #fd: Fd;
  readonly #type: SocketType;
  readonly #waiters: Waiters;
  readonly #turns: Turns;
  readonly #destinations: Destinations;

  /**
   * Prepares for sending.
   *
   * @param fd The socket, which stays the caller's.
   * @param type Its type.
   * @param traffic Those who wait for it, and whose turn it is.
   */
  constructor(fd: Fd, type: SocketType, traffic: Traffic) {
    this.#fd = fd;
    this.#type = type;
    this.#waiters = traffic.waiters;
    this.#turns = traffic.sending;
    this.#destinations = new Destinations(fd, traffic.waiters);
  }

  /** Sends all of it, waiting for room if need be. */
  async send(data: Payload, options: SendOptions): Promise<number> {
    const given = bytesOf(data);
    const pieces = options.fds === undefined && given instanceof Uint8Array ? 1 : this.#piecesOf(given, options);
    const bytes = pieces === 1 ? given : joined(given);
    const othersFirst = areOthersDue();
    const { signal } = options;
    if (options.to !== undefined) return await this.#sendTo(toAddress(options.to), bytes, options, othersFirst);
    const size = sizeOf(bytes);
    let sent = 0;
    let along = options;
    if (pieces === 1 && this.#turns.isFree && !othersFirst && !signal?.aborted) {
      const taken = this.#try(bytes, 0, options);
      if (taken === size) return taken;
      if (taken !== undefined) [sent, along] = [taken, NOTHING_ALONG];
    }
    return await this.#turns.run(async () => {
      if (othersFirst) await letOthersRun(signal);
      for (let piece = 1; piece < pieces; piece++) {
        const some = { ...options, fds: options.fds!.slice(sent * MAX_FDS_PER_MESSAGE, piece * MAX_FDS_PER_MESSAGE) };
        await this.#sendRest(bytes, sent, piece, some, signal);
        sent = piece;
      }
      if (pieces > 1) along = { ...options, fds: options.fds!.slice(sent * MAX_FDS_PER_MESSAGE) };
      return await this.#sendRest(bytes, sent, size, along, signal);
    }, signal);
  }

  /** Sends what is left up to a place; what goes along goes with the first of it. */
  async #sendRest(
    bytes: Bytes,
    from: number,
    end: number,
    options: SendOptions,
    signal?: AbortSignal,
  ): Promise<number> {
    let sent = from;
    let along = options;
    // A message of no bytes is one as well.
    let pending = true;
    while (pending) {
      const more = this.#try(bytes, sent, along, end);
      if (more === undefined) await this.#waiters.wait("writable", signal);
      else {
        sent += more;
        along = NOTHING_ALONG;
        pending = sent < end;
      }
    }
    return sent;
  }

  async #sendTo(to: UnixAddress, bytes: Bytes, options: SendOptions, othersFirst: boolean): Promise<number> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (!othersFirst && !this.#destinations.isAwaited(to)) {
      const sent = this.#tryTo(to, bytes, options);
      if (sent !== undefined) return sent;
    }
    const attempt = (): number | undefined => this.#tryTo(to, bytes, options);
    return await this.#destinations.send(to, attempt, { othersFirst, signal });
  }

  /** Sends what can be sent at once. */
  trySend(data: Payload, options: SendOptions): number | undefined {
    const bytes = bytesOf(data);
    if (options.fds !== undefined || !(bytes instanceof Uint8Array)) {
      const count = options.fds?.length ?? 0;
      if (count > MAX_FDS_PER_MESSAGE) refuseCount(count);
      this.#piecesOf(bytes, options);
    }
    if (options.to !== undefined) return this.#tryTo(toAddress(options.to), bytes, options);
    return this.#try(bytes, 0, options);
  }

  #try(bytes: Bytes, from: number, options: SendOptions, end?: number): number | undefined {
    const fd = socketNumber(this.#fd);
    const sent = bytes instanceof Uint8Array
      ? sendNow(fd, from === 0 && end === undefined ? bytes : bytes.subarray(from, end), options, null)
      : sendPartsNow(fd, bytes, from, options, null);
    if (sent !== WOULD_BLOCK) return sent;
    this.#waiters.exhausted("writable");
    return undefined;
  }

  #tryTo(to: UnixAddress, bytes: Bytes, options: SendOptions): number | undefined {
    using name = reach(to, "connect");
    const fd = socketNumber(this.#fd);
    const sent = bytes instanceof Uint8Array
      ? sendNow(fd, bytes, options, name.bytes, `${to}`)
      : sendPartsNow(fd, bytes, 0, options, name.bytes, `${to}`);
    return sent === WOULD_BLOCK ? undefined : sent;
  }

  /** Sends the packets of a batch from one on, as many as there is room for. */
  trySendBatch(batch: PacketBatch, from: number, to?: UnixAddress | string): number | undefined {
    if (this.#type === "stream") throw new TypeError("a stream has no packets: send the bytes in one piece");
    if (to === undefined) {
      const sent = batch.sendNow(socketNumber(this.#fd), from, null);
      if (sent === undefined) this.#waiters.exhausted("writable");
      return sent;
    }
    const address = toAddress(to);
    using name = reach(address, "connect");
    return batch.sendNow(socketNumber(this.#fd), from, name.bytes, `${address}`);
  }

  /** Sends all packets of a batch, waiting for room if need be. */
  async sendBatch(batch: PacketBatch, options: Pick<SendOptions, "to" | "signal">): Promise<void> {
    const { to, signal } = options;
    signal?.throwIfAborted();
    const address = to === undefined ? undefined : toAddress(to);
    const othersFirst = areOthersDue();
    countOperations(Math.max(batch.count - 1, 0));
    let sent = 0;
    const attempt = (): number | undefined => {
      // Where only some were taken, the next call tells why.
      while (sent < batch.count) {
        const more = this.trySendBatch(batch, sent, address);
        if (more === undefined) return undefined;
        sent += more;
      }
      return sent;
    };
    const isFree = address ? !this.#destinations.isAwaited(address) : this.#turns.isFree;
    if (isFree && !othersFirst && attempt() !== undefined) return;
    if (address) {
      await this.#destinations.send(address, attempt, { othersFirst, signal });
      return;
    }
    await this.#turns.run(async () => {
      if (othersFirst) await letOthersRun(signal);
      while (attempt() === undefined) await this.#waiters.wait("writable", signal);
    }, signal);
  }

  /** Sends a byte out of band, waiting for room if need be. */
  async sendUrgent(byte: number, signal?: AbortSignal): Promise<void> {
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) throw new RangeError(`a byte is 0–255, not ${byte}`);
    await this.#turns.run(async () => {
      while (!sendUrgentNow(socketNumber(this.#fd), byte)) await this.#waiters.wait("writable", signal);
    }, signal);
  }

  /** How many messages it takes for the descriptors; most often one. */
  #piecesOf(bytes: Bytes, options: SendOptions): number {
    if (!(bytes instanceof Uint8Array) && bytes.length > MAX_PARTS) {
      throw new RangeError(`${bytes.length} parts of one message; ${MAX_PARTS} is the most`);
    }
    const count = options.fds?.length ?? 0;
    if (count === 0) return 1;
    if (this.#type !== "stream") return count > MAX_FDS_PER_MESSAGE ? refuseCount(count) : 1;
    const pieces = Math.ceil(count / MAX_FDS_PER_MESSAGE);
    const size = sizeOf(bytes);
    if (size >= pieces) return pieces;
    throw new RangeError(
      pieces === 1
        ? "descriptors on a stream need at least one byte: the kernel loses them otherwise"
        : `${count} descriptors on a stream need at least ${pieces} bytes, one for each ${MAX_FDS_PER_MESSAGE}`,
    );
  }

  /** Keeps the process alive while somebody waits, or does not. */
  set isReferenced(value: boolean) {
    this.#destinations.isReferenced = value;
  }

  /** Ends every wait for somebody else's room. */
  close(): void {
    this.#destinations.close();
  }
}

function refuseCount(count: number): never {
  throw new RangeError(`${count} descriptors in one message; ${MAX_FDS_PER_MESSAGE} is the most`);
}
