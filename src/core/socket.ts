/**
 * Unix sockets: streams, packets and datagrams, with descriptors and credentials.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "./address.ts";
import { type ConnectOptions, connectSocket } from "./connect.ts";
import { delay } from "./delay.ts";
import { lockDirectory } from "./directory_lock.ts";
import { Endpoint, unixTypeOf } from "./endpoint.ts";
import { check, ClosedError, type SystemError } from "./errors.ts";
import { areOthersDue, countOperations, letOthersRun } from "./fairness.ts";
import { Fd } from "./fd.ts";
import { MAX_FDS_PER_MESSAGE, SO } from "./linux.ts";
import type { Message, ReceiveManyOptions, ReceiveOptions, SendOptions } from "./message.ts";
import { native } from "./native.ts";
import { setNumber, type SocketType, typeNumber } from "./options.ts";
import { reach } from "./reach.ts";
import { bindSocket, type SocketFile, type SocketFileOptions } from "./socket_file.ts";
import { MAX_MESSAGES, receiveManyNow, receiveNow, sendNow, WOULD_BLOCK } from "./transfer.ts";
import { trafficOf } from "./traffic.ts";

const encoder = new TextEncoder();

/**
 * A connected Unix socket, or a bound datagram socket (unix(7)).
 *
 * It owns its descriptor. Every method that waits takes an `AbortSignal`, and
 * the process stays alive only while something is awaited.
 *
 * @example A packet with a descriptor in it
 * ```ts
 * import { UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair("seqpacket");
 * const [near, far] = UnixSocket.pair();
 * await left.send("take this", { fds: [far.fd] });
 * far.close();
 *
 * using message = (await right.receive())!;
 * assertEquals(message.text, "take this");
 * using other = UnixSocket.fromFd(message.takeFds()[0]);
 * await near.send("hello");
 * assertEquals((await other.receive())!.text, "hello");
 * for (const socket of [left, right, near]) socket.close();
 * ```
 */
export class UnixSocket extends Endpoint implements AsyncIterable<Message> {
  readonly #sending = trafficOf(this.fd).sending;
  readonly #receiving = trafficOf(this.fd).receiving;
  #failure: SystemError | undefined;

  private constructor(fd: Fd, type: SocketType, file?: SocketFile) {
    super(fd, type, file);
    // Only a time stamp tells an empty packet from the end of the connection.
    if (type === "seqpacket") setNumber(fd.number, SO.TIMESTAMP, 1);
  }

  /**
   * Makes two sockets that are connected to each other (socketpair(2)).
   *
   * @param type The type of both, by default `"stream"`.
   * @returns Both ends.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   */
  static pair(type: SocketType = "stream"): [UnixSocket, UnixSocket] {
    const ends = new Int32Array(2);
    check(native.ipcx_socketpair(typeNumber(type), ends), "socketpair");
    return [new UnixSocket(new Fd(ends[0]), type), new UnixSocket(new Fd(ends[1]), type)];
  }

  /**
   * Takes over a descriptor that is a Unix socket.
   *
   * @param fd The descriptor; the socket's from now on, but closed on failure.
   * @returns The socket.
   * @throws {SystemError} ENOTSOCK, or EAFNOSUPPORT for other sockets.
   */
  static fromFd(fd: Fd): UnixSocket {
    try {
      return new UnixSocket(fd, unixTypeOf(fd.number));
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Connects to a listener, or a datagram socket to its peer.
   *
   * While the listener's backlog is full it tries again, until the time-out.
   *
   * @param address Where to: a path, an abstract name, or `fd:N` to take over a
   * connection that this process was started with.
   * @param options Type, time-out and signal.
   * @returns The connected socket.
   * @throws {SystemError} ECONNREFUSED, ENOENT, EACCES, EPROTOTYPE, or ETIMEDOUT.
   */
  static async connect(address: UnixAddress | string, options: ConnectOptions = {}): Promise<UnixSocket> {
    const target = toAddress(address);
    if (target.kind === "fd") return UnixSocket.fromFd(Fd.inherit(target.fd));
    return new UnixSocket(await connectSocket(target, options), options.type ?? "stream");
  }

  /**
   * Makes a datagram socket with a name, which others can send to.
   *
   * @param address A path, an abstract name, or unnamed for one that the kernel chooses (autobind).
   * @param options Mode and owner of a socket file.
   * @returns The socket.
   * @throws {SystemError} EADDRINUSE if the name is taken.
   */
  static bound(address: UnixAddress | string, options: SocketFileOptions = {}): UnixSocket {
    const target = toAddress(address);
    const fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
    using _alone = lockDirectory(target);
    try {
      return new UnixSocket(fd, "dgram", bindSocket(fd, target, "dgram", options));
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Sends a message, waiting for room if need be.
   *
   * A stream takes all of the data, in as many pieces as it needs; descriptors
   * and credentials go with the first. A packet or datagram is sent whole.
   *
   * @param data The bytes; text is sent as UTF-8.
   * @param options What goes along.
   * @returns The bytes sent, which are all.
   * @throws {RangeError} For more than 253 descriptors, or descriptors on a
   * stream without a byte to carry them: the kernel would lose them.
   * @throws {SystemError} EPIPE, EMSGSIZE, ETOOMANYREFS, EPERM.
   */
  async send(data: Uint8Array<ArrayBuffer> | string, options: SendOptions = {}): Promise<number> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    this.#refuse(bytes, options);
    const othersFirst = areOthersDue();
    if (this.#sending.isFree && !othersFirst && !options.signal?.aborted) {
      const sent = this.trySend(bytes, options);
      if (sent === bytes.length) return sent;
      const along = sent === undefined ? options : { signal: options.signal };
      return await this.#sending.run(() => this.#sendRest(bytes, sent ?? 0, along), options.signal);
    }
    return await this.#sending.run(async () => {
      if (othersFirst) await letOthersRun(options.signal);
      return await this.#sendRest(bytes, 0, options);
    }, options.signal);
  }

  async #sendRest(bytes: Uint8Array<ArrayBuffer>, sent: number, options: SendOptions): Promise<number> {
    let along = options;
    let pending = true;
    while (pending) {
      const more = this.trySend(bytes.subarray(sent), along);
      if (more === undefined) await this.#waitForRoom(options);
      else {
        sent += more;
        along = {};
        pending = sent < bytes.length;
      }
    }
    return sent;
  }

  /** An unconnected datagram socket is always writable; only its receiver's queue is full. */
  async #waitForRoom(options: SendOptions): Promise<void> {
    if (options.to === undefined) return await this.waiters.wait("writable", options.signal);
    await delay(1, options.signal);
  }

  #refuse(bytes: Uint8Array, options: SendOptions): void {
    const count = options.fds?.length ?? 0;
    if (count > MAX_FDS_PER_MESSAGE) {
      throw new RangeError(`${count} descriptors in one message; ${MAX_FDS_PER_MESSAGE} is the most`);
    }
    if (count > 0 && bytes.length === 0 && this.type === "stream") {
      throw new RangeError("descriptors on a stream need at least one byte: the kernel loses them otherwise");
    }
  }

  /**
   * Sends what can be sent at once.
   *
   * @param data The bytes.
   * @param options What goes along; the signal is not looked at.
   * @returns The bytes sent, on a stream perhaps not all, or `undefined` if there is no room.
   * @throws {RangeError} As {@linkcode send}.
   * @throws {SystemError} As {@linkcode send}.
   */
  trySend(data: Uint8Array<ArrayBuffer>, options: SendOptions = {}): number | undefined {
    this.#refuse(data, options);
    const fd = this.number;
    if (options.to === undefined) {
      const sent = sendNow(fd, data, options, null);
      if (sent !== WOULD_BLOCK) return sent;
      this.waiters.exhausted("writable");
      return undefined;
    }
    const target = toAddress(options.to);
    using name = reach(target, "connect");
    const sent = sendNow(fd, data, options, name.bytes, `${target}`);
    return sent === WOULD_BLOCK ? undefined : sent;
  }

  /**
   * Receives a message, waiting for it if need be.
   *
   * @param options How much to take, and where to.
   * @returns The message, whose descriptors are the caller's, or null at the
   * end of the connection. An empty packet is a message of no bytes.
   * @throws {RangeError} For limits out of their range.
   * @throws {SystemError} ECONNRESET if the peer closed without reading all.
   */
  async receive(options: ReceiveOptions = {}): Promise<Message | null> {
    return await this.#wait(() => this.tryReceive(options), options.signal);
  }

  /**
   * Receives the messages that are there, at least one, waiting for it if need be.
   *
   * One call for many costs less; on a stream, a message is what one read gives:
   * bytes up to and including those that descriptors came with. Small messages
   * share one buffer: transfer a copy of their data, not their buffer. Datagrams
   * do not tell which name they came from. A message whose descriptors were lost
   * is the last: those of the next may find room when some have been closed.
   *
   * @param options How many to take, and how much of each.
   * @returns The messages, whose descriptors are the caller's; none of them at the end of the connection.
   * @throws {RangeError} For limits out of their range.
   * @throws {SystemError} ECONNRESET if the peer closed without reading all.
   */
  async receiveMany(options: ReceiveManyOptions = {}): Promise<Message[]> {
    return await this.#wait(() => {
      const messages = this.tryReceiveMany(options);
      if (messages) countOperations(Math.max(messages.length - 1, 0));
      return messages;
    }, options.signal);
  }

  async #wait<Received>(attempt: () => Received | undefined, signal?: AbortSignal): Promise<Received> {
    const othersFirst = areOthersDue();
    if (this.#receiving.isFree && !othersFirst && !signal?.aborted) {
      const received = attempt();
      if (received !== undefined) return received;
    }
    return await this.#receiving.run(async () => {
      if (othersFirst) await letOthersRun(signal);
      for (;;) {
        const received = attempt();
        if (received !== undefined) return received;
        await this.waiters.wait("readable", signal);
      }
    }, signal);
  }

  /**
   * Receives what is there.
   *
   * @param options How much to take, and where to; the signal is not looked at.
   * @returns The message, null at the end, or `undefined` if there is nothing yet.
   * @throws {RangeError} As {@linkcode receive}.
   * @throws {SystemError} As {@linkcode receive}.
   */
  tryReceive(options: ReceiveOptions = {}): Message | null | undefined {
    checkLimits(options);
    if (options.buffer?.length === 0 && this.type === "stream") {
      throw new RangeError("an empty buffer cannot tell what a stream has from its end");
    }
    const fd = this.number;
    this.#throwFailure();
    const message = receiveNow(fd, this.type, options);
    if (message !== WOULD_BLOCK) return message;
    this.waiters.exhausted("readable");
    return undefined;
  }

  /**
   * Receives the messages that are there.
   *
   * @param options How many to take, and how much of each; the signal is not looked at.
   * @returns The messages, none of them at the end, or `undefined` if there is nothing yet.
   * @throws {RangeError} As {@linkcode receiveMany}.
   * @throws {SystemError} As {@linkcode receiveMany}.
   */
  tryReceiveMany(options: ReceiveManyOptions = {}): Message[] | undefined {
    checkLimits(options);
    const { maxMessages = MAX_MESSAGES } = options;
    if (!Number.isInteger(maxMessages) || maxMessages < 1 || maxMessages > MAX_MESSAGES) {
      throw new RangeError(`maxMessages is a whole number from 1 to ${MAX_MESSAGES}, not ${maxMessages}`);
    }
    const fd = this.number;
    this.#throwFailure();
    const received = receiveManyNow(fd, this.type, options);
    if (received === WOULD_BLOCK) {
      this.waiters.exhausted("readable");
      return undefined;
    }
    this.#failure = received.failure;
    return received.messages;
  }

  /** What failed behind messages that were received is told by the next call. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }

  /** Receives message after message until the end of the connection, or {@linkcode close}. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    while (this.fd.isOpen) {
      let message: Message | null;
      try {
        message = await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      if (message === null) return;
      yield message;
    }
  }

  /**
   * Ends one or both directions of a connection (shutdown(2)).
   *
   * @param how `"write"` lets the peer see the end of what was sent.
   * @throws {SystemError} ENOTCONN if there is no connection.
   */
  shutdown(how: "read" | "write" | "both"): void {
    check(native.ipcx_shutdown(this.number, { read: 0, write: 1, both: 2 }[how]), "shutdown");
  }
}

function checkLimits({ maxBytes = 1, maxFds = 0 }: { maxBytes?: number; maxFds?: number }): void {
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 0x7fffffff) {
    throw new RangeError(`maxBytes is a whole number from 1 to 2147483647, not ${maxBytes}`);
  }
  if (!Number.isInteger(maxFds) || maxFds < 0 || maxFds > MAX_FDS_PER_MESSAGE) {
    throw new RangeError(`maxFds is a whole number from 0 to ${MAX_FDS_PER_MESSAGE}, not ${maxFds}`);
  }
}
