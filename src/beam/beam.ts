/**
 * Messages with descriptors over a connected Unix socket.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { ConnectOptions } from "../core/connect.ts";
import type { Credentials } from "../core/credentials.ts";
import { ClosedError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";
import { UnixSocket } from "../core/socket.ts";
import type { BeamError } from "./errors.ts";
import {
  type BeamBrokerOptions,
  type BeamOptions,
  type BeamPairOptions,
  type BeamReceiveOptions,
  type BeamSettings,
  type BeamWaitOptions,
  settle,
} from "./options.ts";
import { Receiving } from "./receiving.ts";
import { Sending } from "./sending.ts";
import { type Wires, wiresOver } from "./wires/mod.ts";

const NO_FDS: readonly Fd[] = [];
const encoder = new TextEncoder();

/**
 * A connection that carries messages, each of bytes and descriptors.
 *
 * It speaks what Docker's beam speaks: on a stream a message is one sendmsg(2),
 * with at most one descriptor. With `framed`, or over a packet socket, any
 * sequence of messages arrives as sent, with any number of descriptors.
 *
 * It owns its socket. Descriptors that are sent stay the caller's; those that
 * are received are the caller's, once taken from the message.
 *
 * @example A message that opens a new channel
 * ```ts
 * import { Beam } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [client, server] = Beam.pair();
 * using near = await client.sendPipe("a question");
 *
 * const message = (await server.receive())!;
 * assertEquals(message.text, "a question");
 * using far = Beam.fromFd(message.takeFd()!);
 * await far.send("the answer");
 *
 * assertEquals((await near.receive())!.text, "the answer");
 * client.close();
 * server.close();
 * ```
 */
export class Beam implements AsyncIterable<Message>, Disposable {
  readonly #socket: UnixSocket;
  readonly #settings: BeamSettings;
  readonly #wires: Wires;
  readonly #sending: Sending;
  readonly #receiving: Receiving;
  #failure: unknown;

  /**
   * Beams over a socket.
   *
   * @param socket A connected stream or packet socket; the beam's from now on.
   * @param options How to speak.
   * @throws {RangeError} For an option out of its range; the socket stays the caller's then.
   * @throws {TypeError} For a datagram socket.
   */
  constructor(socket: UnixSocket, options: BeamOptions = {}) {
    const settings = settle(socket.type, options);
    this.#socket = socket;
    this.#settings = settings;
    this.#wires = wiresOver(socket, settings);
    const checkOpen = (): void => this.#checkOpen();
    this.#sending = new Sending(socket, this.#wires.outgoing, settings, checkOpen);
    this.#receiving = new Receiving(socket, this.#wires.incoming, settings, {
      checkOpen,
      fail: (error) => this.#fail(error),
    });
  }

  /**
   * Makes two beams that are connected to each other.
   *
   * @param options The type of their sockets, and how to speak.
   * @returns Both ends.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   */
  static pair(options: BeamPairOptions = {}): [Beam, Beam] {
    const { type = "stream", ...others } = options;
    settle(type, others);
    const [left, right] = UnixSocket.pair(type);
    return [new Beam(left, others), new Beam(right, others)];
  }

  /**
   * Beams over a descriptor, such as one that came with a message.
   *
   * @param fd The descriptor, or the number of one that this process was started
   * with; the beam's from now on, but closed on failure.
   * @param options How to speak.
   * @returns The beam.
   * @throws {SystemError} ENOTSOCK or EAFNOSUPPORT if it is no Unix socket, EBADF for a number that is not open.
   */
  static fromFd(fd: Fd | number, options: BeamOptions = {}): Beam {
    return Beam.#owning(UnixSocket.fromFd(fd instanceof Fd ? fd : Fd.inherit(fd)), options);
  }

  static #owning(socket: UnixSocket, options: BeamOptions): Beam {
    try {
      return new Beam(socket, options);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Connects to a listener.
   *
   * @param address A path, an abstract name, or `fd:N`.
   * @param options The type of the listener, time-out, signal, whose it must be, and how to speak.
   * @returns The beam.
   * @throws {SystemError} As {@linkcode UnixSocket.connect}.
   * @throws {RangeError} For an option out of its range.
   * @throws {TypeError} If `fd:N` is a datagram socket, which is closed then.
   */
  static async connect(address: UnixAddress | string, options: BeamPairOptions & ConnectOptions = {}): Promise<Beam> {
    const { type = "stream", timeout, signal, peerUid, ...others } = options;
    settle(type, others);
    // What `fd:N` is over has a type of its own.
    return Beam.#owning(await UnixSocket.connect(address, { type, timeout, signal, peerUid }), others);
  }

  /**
   * Meets somebody else at a SocketPair broker, and beams over the private
   * socket that it gives to both.
   *
   * @param key What the peer will name, too: 1–1024 bytes.
   * @param options Where the broker is, and how to speak.
   * @returns The beam.
   * @throws {SystemError} If the broker cannot be reached.
   * @throws {PairRefusedError} If the broker refuses.
   * @throws {DOMException} `TimeoutError`, if no peer came in time.
   */
  static async viaBroker(key: string | Uint8Array, options: BeamBrokerOptions = {}): Promise<Beam> {
    const { address, mode, timeout, signal, ...others } = options;
    settle("stream", others);
    // Loaded when it is needed: most beams know of no broker.
    const { defaultBrokerAddress, requestPair } = await import("../broker/mod.ts");
    const socket = await requestPair({ address: address ?? defaultBrokerAddress(), key, mode, timeout, signal });
    return new Beam(socket, others);
  }

  /** The descriptor, which stays the beam's own. */
  get fd(): Fd {
    return this.#socket.fd;
  }

  /** Whether it is over a stream or over packets. */
  get type(): "stream" | "seqpacket" {
    return this.#socket.type as "stream" | "seqpacket";
  }

  /** How it speaks, with all defaults filled in. */
  get settings(): BeamSettings {
    return this.#settings;
  }

  /** Whether it can be used: it was neither closed nor given away. */
  get isOpen(): boolean {
    return this.#socket.fd.isOpen;
  }

  /** Who is at the other end, as it was when the connection was made. */
  get peerCredentials(): Credentials {
    return this.#socket.peerCredentials;
  }

  /**
   * Sends a message, waiting for room if need be.
   *
   * @param data The payload, which must not change until this is done; text is
   * sent as UTF-8. It may be empty with frames or packets.
   * @param fds The descriptors to go along; they stay the caller's, who may
   * close them once this is done. Without frames one, otherwise any number.
   * @param options A signal that ends the wait. If part of the message was sent
   * by then, nothing more can be sent, since the receiver could make nothing of it.
   * @returns A promise without a value, when the kernel has all of it.
   * @throws {TypeError} For a payload that is neither text nor a Uint8Array.
   * @throws {RangeError} For what cannot be sent without frames: more than one
   * descriptor, or an empty message.
   * @throws {BeamError} `"too-large"` above `maxBytes`, nothing was sent;
   * `"cut-off"` after a message that was only sent in part; `"protocol"` if the
   * receiver has written nonsense into the memory for large messages. Once
   * receiving has failed, what closed the beam.
   * @throws {SystemError} EPIPE, EMSGSIZE, EPERM, as sendmsg(2); ETOOMANYREFS if
   * too many of the user's descriptors are in flight: no event tells when they
   * are fewer, so try again once receivers have taken some.
   * @throws {ClosedError} If the beam was closed, or one of the descriptors.
   */
  send(
    data: Uint8Array<ArrayBuffer> | string,
    fds: Fd | readonly Fd[] = NO_FDS,
    options: BeamWaitOptions = {},
  ): Promise<void> {
    const payload = typeof data === "string" ? encoder.encode(data) : data;
    // An ArrayBuffer would be sent as an empty message.
    if (!(payload instanceof Uint8Array)) {
      return Promise.reject(new TypeError("a message is text, or bytes in a Uint8Array"));
    }
    const list = fds instanceof Fd ? [fds] : fds;
    return this.#sending.send(payload, list, options.signal);
  }

  /**
   * Receives a message, waiting for it if need be.
   *
   * @param options A signal that ends the wait, and memory for a large payload.
   * @returns The message, whose descriptors are the caller's, or null at the end
   * of the connection. Small messages share a buffer: transfer a copy of the data, not its buffer.
   * @throws {BeamError} `"descriptors-lost"`, after which the next message can be
   * received, unless it was the memory for large ones that was lost;
   * `"too-large"`, `"cut-off"` or `"protocol"`, after which the beam is closed,
   * but for packets that are too large.
   * @throws {SystemError} ECONNRESET if the peer closed without reading all.
   * @throws {ClosedError} If the beam is closed meanwhile.
   */
  receive(options: BeamReceiveOptions = {}): Promise<Message | null> {
    return this.#receiving.receive(options.buffer, options.signal);
  }

  /**
   * Receives a message that is there, unless somebody waits in {@linkcode receive} already.
   *
   * @param buffer Memory that a large payload may be put into; in use until the message is there.
   * @returns The message, whose descriptors are the caller's, null at the end
   * of the connection, or `undefined` if there is none yet.
   * @throws {BeamError} As {@linkcode receive}.
   * @throws {SystemError} As {@linkcode receive}.
   */
  tryReceive(buffer?: Uint8Array<ArrayBuffer>): Message | null | undefined {
    return this.#receiving.tryReceive(buffer);
  }

  /** Receives message after message until the end of the connection, or {@linkcode close}. */
  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return {
      next: async () => {
        if (!this.isOpen && this.#failure === undefined) return { done: true, value: undefined };
        try {
          const value = await this.receive();
          return value === null ? { done: true, value: undefined } : { done: false, value };
        } catch (error) {
          if (error instanceof ClosedError) return { done: true, value: undefined };
          throw error;
        }
      },
    };
  }

  /**
   * Waits until the peer takes no more: it has closed, or both directions have ended.
   *
   * @param options A signal that ends the wait.
   * @returns A promise without a value; what the peer sent before can still be received.
   * @throws {ClosedError} If the beam is closed meanwhile.
   */
  hangup(options: BeamWaitOptions = {}): Promise<void> {
    return this.#socket.ready("hangup", options);
  }

  /** Keeps the process alive while something is awaited, as is so at first. */
  ref(): void {
    this.#socket.ref();
  }

  /** Lets the process end although something is awaited. */
  unref(): void {
    this.#socket.unref();
  }

  /**
   * Makes a new channel: sends one end of a fresh socket pair, and keeps the other.
   *
   * The far end does not have to know of ipcx: its socket waits, as any other does.
   *
   * @param data The payload; without frames at least one byte.
   * @param options A signal that ends the wait for room.
   * @returns The end that was kept, which speaks as this beam does; the caller's.
   * @throws {SystemError} EMFILE, and as {@linkcode send}.
   */
  async sendPipe(data: Uint8Array<ArrayBuffer> | string, options: BeamWaitOptions = {}): Promise<Beam> {
    return new Beam(await this.#sendEnd(data, this.type, options), this.#settings);
  }

  /**
   * Makes a new connection for bytes: sends one end of a fresh pair of stream
   * sockets, and keeps the other.
   *
   * @param data The payload; without frames at least one byte.
   * @param options A signal that ends the wait for room.
   * @returns The end that was kept; the caller's.
   * @throws {SystemError} EMFILE, and as {@linkcode send}.
   */
  sendConnection(data: Uint8Array<ArrayBuffer> | string, options: BeamWaitOptions = {}): Promise<UnixSocket> {
    return this.#sendEnd(data, "stream", options);
  }

  async #sendEnd(
    data: Uint8Array<ArrayBuffer> | string,
    type: "stream" | "seqpacket",
    options: BeamWaitOptions,
  ): Promise<UnixSocket> {
    const [near, far] = UnixSocket.pair(type);
    using sent = far;
    try {
      await this.send(data, sent.fd.setBlocking(), options);
      return near;
    } catch (error) {
      near.close();
      throw error;
    }
  }

  /**
   * Tells the peer that nothing more follows; messages can still be received.
   * What is being sent is cut off: wait for {@linkcode send} first.
   *
   * @throws {SystemError} ENOTCONN if there is no connection.
   * @throws {ClosedError} If the beam is closed.
   */
  end(): void {
    this.#checkOpen();
    this.#socket.shutdown("write");
  }

  /**
   * Gives the descriptor away; the beam cannot be used any more.
   *
   * @returns The descriptor, owned by the caller; nonblocking, unless it came to us otherwise.
   * @throws {ClosedError} If it was closed or given away before.
   * @throws {TypeError} If messages were received ahead and not taken, which its
   * new owner would miss, if large ones come through memory, which it would not
   * know, or if a message is sent in part.
   */
  release(): Fd {
    this.#checkOpen();
    if (this.#wires.incoming.isAhead) {
      throw new TypeError("messages were received ahead and not taken: take them first, or turn readAhead off");
    }
    if (this.#wires.incoming.usesMemory) {
      throw new TypeError(
        "large messages come through memory that their new owner would not know: let their sender turn it off (memoryThreshold)",
      );
    }
    if (this.#wires.outgoing.isWithinMessage) {
      throw new TypeError("a message is sent in part, whose rest would be missing: wait for send() first");
    }
    const fd = this.#socket.release();
    this.#disposeOfWires();
    return fd;
  }

  /** Closes the socket and all that was received and not taken, and ends every wait; does nothing the second time. */
  close(): void {
    if (!this.isOpen) return;
    this.#socket.close();
    this.#disposeOfWires();
  }

  /** Closes the beam at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #disposeOfWires(): void {
    this.#wires.outgoing[Symbol.dispose]();
    this.#wires.incoming[Symbol.dispose]();
  }

  #fail(error: BeamError): void {
    this.#failure = error;
    this.close();
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.isOpen) throw new ClosedError("the beam was closed");
  }
}
