/**
 * Receiving in turn, and waiting for what comes.
 *
 * @module
 */

import type { PacketBatch } from "./batch.ts";
import type { SystemError } from "./errors.ts";
import { type End, tellEmptyFromEnd } from "./empty_packets.ts";
import { socketNumber } from "./endpoint.ts";
import { areOthersDue, countOperations, letOthersRun } from "./fairness.ts";
import { closeAll, type Fd } from "./fd.ts";
import { MAX_FDS_PER_MESSAGE } from "./linux.ts";
import { Message, type ReceiveManyOptions, type ReceiveOptions } from "./message.ts";
import type { SocketType } from "./options.ts";
import { lengthOf, MAX_PARTS } from "./parts.ts";
import { DEFAULT_MAX_BYTES, MAX_MESSAGES, receiveManyNow, receiveNow } from "./receive_now.ts";
import { isSameSender } from "./same_sender.ts";
import type { Traffic } from "./traffic.ts";
import type { Turns } from "./turns.ts";
import { UrgentBytes } from "./urgent.ts";
import type { Waiters } from "./waiters.ts";
import { WOULD_BLOCK } from "./would_block.ts";

/** The receiving side of one socket. */
export class Receiving {
  /** What comes out of band. */
  readonly urgent: UrgentBytes;
  readonly #fd: Fd;
  readonly #type: SocketType;
  readonly #end: End;
  readonly #waiters: Waiters;
  readonly #turns: Turns;
  #failure: SystemError | undefined;

  /**
   * Prepares for receiving.
   *
   * @param fd The socket, which stays the caller's.
   * @param type Its type.
   * @param traffic Those who wait for it, and whose turn it is.
   */
  constructor(fd: Fd, type: SocketType, traffic: Traffic) {
    this.#fd = fd;
    this.#type = type;
    this.#end = tellEmptyFromEnd(fd.number, type);
    this.#waiters = traffic.waiters;
    this.#turns = traffic.receiving;
    this.urgent = new UrgentBytes(fd, traffic.waiters);
  }

  /** Receives a message, waiting for it if need be. */
  async receive(options: ReceiveOptions): Promise<Message | null> {
    if (options.waitAll) return await this.#receiveAll(options);
    const { signal } = options;
    const othersFirst = areOthersDue();
    if (this.#turns.isFree && !othersFirst && !signal?.aborted) {
      const message = this.tryReceive(options);
      if (message !== undefined) return message;
    }
    return await this.#wait(() => this.tryReceive(options), othersFirst, signal);
  }

  async #receiveAll(options: ReceiveOptions): Promise<Message | null> {
    if (this.#type !== "stream" || options.peek || options.buffers) {
      const why = this.#type !== "stream" ? "a packet comes whole anyway" : "not with peek or several buffers";
      throw new TypeError(`waitAll is for streams: ${why}`);
    }
    checkLimits(options, this.#type);
    const buffer = options.buffer ?? new Uint8Array(options.maxBytes ?? DEFAULT_MAX_BYTES);
    const fds: Fd[] = [];
    let first: Message | undefined;
    let filled = 0;
    let controlTruncated = false, fdsLost = false, isOfOne = true;
    try {
      // One turn for all of it: nobody else may take what is in between.
      await this.#turns.run(async () => {
        while (filled < buffer.length) {
          if (areOthersDue()) await letOthersRun(options.signal);
          const maxFds = options.maxFds === undefined ? undefined : options.maxFds - fds.length;
          const rest = { maxFds, buffer: buffer.subarray(filled) };
          const message = await this.#next(() => this.tryReceive(rest), options.signal);
          if (message === null) return;
          filled += message.length;
          fds.push(...message.takeFds());
          controlTruncated ||= message.controlTruncated;
          fdsLost ||= message.fdsLost;
          if (first) {
            isOfOne &&= isSameSender(first, message);
            message.pidfd?.close();
          }
          first ??= message;
        }
      }, options.signal);
    } catch (error) {
      closeAll(fds);
      first?.pidfd?.close();
      throw error;
    }
    if (!first) return null;
    if (!isOfOne) first.pidfd?.close();
    return new Message({
      data: buffer,
      kept: filled,
      length: filled,
      truncated: false,
      controlTruncated,
      fdsLost,
      fds,
      ...(isOfOne ? { credentials: first.credentials, pidfd: first.pidfd } : {}),
    });
  }

  /** Receives the messages that are there, at least one, waiting for it if need be. */
  receiveMany(options: ReceiveManyOptions): Promise<Message[]> {
    return this.#receiveSeveral(() => {
      const messages = this.tryReceiveMany(options);
      if (messages) countOperations(Math.max(messages.length - 1, 0));
      return messages;
    }, options.signal);
  }

  /** Receives a batch, at least one packet, waiting for it if need be. */
  receiveBatch(batch: PacketBatch, signal?: AbortSignal): Promise<number> {
    return this.#receiveSeveral(() => {
      const count = this.tryReceiveBatch(batch);
      countOperations(Math.max((count ?? 0) - 1, 0));
      return count;
    }, signal);
  }

  async #receiveSeveral<Received>(attempt: () => Received | undefined, signal?: AbortSignal): Promise<Received> {
    const othersFirst = areOthersDue();
    if (this.#turns.isFree && !othersFirst && !signal?.aborted) {
      const received = attempt();
      if (received !== undefined) return received;
    }
    return await this.#wait(attempt, othersFirst, signal);
  }

  /** Tries again and again, after those who have begun before. */
  async #wait<Received>(
    attempt: () => Received | undefined,
    othersFirst: boolean,
    signal?: AbortSignal,
  ): Promise<Received> {
    return await this.#turns.run(async () => {
      if (othersFirst) await letOthersRun(signal);
      return await this.#next(attempt, signal);
    }, signal);
  }

  async #next<Received>(attempt: () => Received | undefined, signal?: AbortSignal): Promise<Received> {
    for (;;) {
      const received = attempt();
      if (received !== undefined) return received;
      await this.#waiters.wait("readable", signal);
    }
  }

  /** Receives what is there. */
  tryReceive(options: ReceiveOptions): Message | null | undefined {
    checkLimits(options, this.#type);
    const fd = socketNumber(this.#fd);
    if (this.#failure) this.#throwFailure();
    if (this.#type === "stream") this.urgent.putAside();
    const message = receiveNow(fd, this.#type, options);
    if (message !== WOULD_BLOCK) return message;
    this.#waiters.exhausted("readable");
    return undefined;
  }

  /** Receives the messages that are there. */
  tryReceiveMany(options: ReceiveManyOptions): Message[] | undefined {
    checkLimits(options, this.#type);
    const { maxMessages = MAX_MESSAGES } = options;
    if (!Number.isInteger(maxMessages) || maxMessages < 1 || maxMessages > MAX_MESSAGES) {
      throw new RangeError(`maxMessages is a whole number from 1 to ${MAX_MESSAGES}, not ${maxMessages}`);
    }
    const fd = socketNumber(this.#fd);
    this.#throwFailure();
    if (this.#type === "stream") this.urgent.putAside();
    const received = receiveManyNow(fd, this.#type, options);
    if (received === WOULD_BLOCK) {
      this.#waiters.exhausted("readable");
      return undefined;
    }
    this.#failure = received.failure;
    return received.messages;
  }

  /** Receives the packets that are there. */
  tryReceiveBatch(batch: PacketBatch): number | undefined {
    if (this.#type === "stream") throw new TypeError("a stream has no packets: receive into one large buffer");
    const fd = socketNumber(this.#fd);
    this.#throwFailure();
    const count = batch.receiveNow(fd, this.#end);
    if (count === undefined) this.#waiters.exhausted("readable");
    return count;
  }

  /** What failed behind messages that were received is told by the next call. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }
}

function checkLimits({ maxBytes = 1, maxFds = 0, buffer, buffers }: ReceiveOptions, type: SocketType): void {
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 0x7fffffff) {
    throw new RangeError(`maxBytes is a whole number from 1 to 2147483647, not ${maxBytes}`);
  }
  if (!Number.isInteger(maxFds) || maxFds < 0 || maxFds > MAX_FDS_PER_MESSAGE) {
    throw new RangeError(`maxFds is a whole number from 0 to ${MAX_FDS_PER_MESSAGE}, not ${maxFds}`);
  }
  if (buffers && buffers.length > MAX_PARTS) {
    throw new RangeError(`${buffers.length} buffers; ${MAX_PARTS} is the most`);
  }
  if (type === "stream" && (buffers ? lengthOf(buffers) : buffer?.length) === 0) {
    throw new RangeError("an empty buffer cannot tell what a stream has from its end");
  }
}
