/**
 * Values as JSON, one a packet: never a part of one, never two at once.
 *
 * @module
 */

import { ClosedError } from "./errors.ts";
import type { Message, SendOptions } from "./message.ts";
import type { UnixSocket } from "./socket.ts";

const DEFAULT_MAX_BYTES = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** What can be wrong with a packet: too many bytes, descriptors that did not arrive, no JSON, or not what `check` takes. */
export type PacketFault = "too large" | "descriptors lost" | "no JSON" | "refused";

/** Thrown for a packet that is not what was agreed upon; the socket can be used further. */
export class PacketError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "PacketError";
  /** What is wrong. */
  readonly reason: PacketFault;

  /**
   * Describes a packet.
   *
   * @param reason What is wrong.
   * @param message The same with what it is about.
   * @param options What it comes from.
   */
  constructor(reason: PacketFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** How values are exchanged. */
export interface JsonPacketsOptions<Incoming> {
  /** The most bytes of a packet that is received, 1–2147483647; by default 65536. */
  maxBytes?: number;
  /**
   * Makes sure that what came is what was agreed upon, and throws if it is not.
   *
   * @param value What JSON.parse made of the packet.
   * @returns The value, now of its type.
   */
  check?: (value: unknown) => Incoming;
}

/** A received value, owner of the descriptors that came with it. */
export class JsonPacket<Value> implements Disposable {
  /** The value. */
  readonly value: Value;
  /** What it came in: descriptors, credentials, and the name of who sent it. */
  readonly message: Message;

  /**
   * Puts a packet together.
   *
   * @param value The value.
   * @param message What it came in; the packet's from now on.
   */
  constructor(value: Value, message: Message) {
    this.value = value;
    this.message = message;
  }

  /** Closes the descriptors that nobody took. */
  [Symbol.dispose](): void {
    this.message[Symbol.dispose]();
  }
}

/**
 * A socket of packets or datagrams that carries values as JSON (RFC 8259), with
 * descriptors if need be.
 *
 * @example
 * ```ts
 * import { JsonPackets, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair("seqpacket");
 * using client = new JsonPackets<string, { add: number[] }>(left);
 * using server = new JsonPackets<{ add: number[] }, string>(right);
 * await client.send({ add: [1, 2] });
 * using question = (await server.receive())!;
 * await server.send(`${question.value.add.reduce((sum, each) => sum + each)}`);
 * using answer = (await client.receive())!;
 * assertEquals(answer.value, "3");
 * ```
 */
export class JsonPackets<Incoming = unknown, Outgoing = Incoming> implements Disposable {
  /** The socket, which stays this object's own. */
  readonly socket: UnixSocket;
  readonly #maxBytes: number;
  readonly #check: (value: unknown) => Incoming;

  /**
   * Begins to exchange values.
   *
   * @param socket The socket; this object's from now on.
   * @param options The largest packet, and what makes sure of its type.
   * @throws {TypeError} For a stream, which has no packets; the socket stays the caller's.
   */
  constructor(socket: UnixSocket, options: JsonPacketsOptions<Incoming> = {}) {
    if (socket.type === "stream") throw new TypeError("a stream does not keep packets apart: use seqpacket or dgram");
    this.socket = socket;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#check = options.check ?? ((value) => value as Incoming);
  }

  /**
   * Sends a value, waiting for room if need be.
   *
   * @param value The value.
   * @param options What goes along; descriptors stay the caller's.
   * @returns A promise without a value.
   * @throws {TypeError} If it cannot be written as JSON.
   * @throws {SystemError} EMSGSIZE if the packet is larger than the socket's `sendBuffer` allows; else as `UnixSocket.send`.
   */
  async send(value: Outgoing, options: SendOptions = {}): Promise<void> {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`a value of type ${typeof value} cannot be written as JSON`);
    await this.socket.send(encoder.encode(text), options);
  }

  /**
   * Receives a value, waiting for it if need be.
   *
   * @param options A signal that ends the wait with its reason.
   * @returns The value and what came with it, the caller's, or null at the end of the connection.
   * @throws {PacketError} If a packet is larger than `maxBytes`, if it is no JSON, if descriptors were lost, or if
   * `check` refused it, whose error is the cause. Its descriptors are closed; the next packet can be received.
   * @throws {SystemError} As `UnixSocket.receive`.
   */
  async receive(options: { signal?: AbortSignal } = {}): Promise<JsonPacket<Incoming> | null> {
    const message = await this.socket.receive({ maxBytes: this.#maxBytes, signal: options.signal });
    if (message === null) return null;
    try {
      return new JsonPacket(this.#valueOf(message), message);
    } catch (error) {
      message[Symbol.dispose]();
      throw error;
    }
  }

  #valueOf(message: Message): Incoming {
    if (message.truncated) {
      throw new PacketError("too large", `a packet of ${message.length} bytes; ${this.#maxBytes} is the most`);
    }
    if (message.controlTruncated) throw new PacketError("descriptors lost", "descriptors of a packet were lost");
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(message.data));
    } catch (cause) {
      throw new PacketError("no JSON", `a packet of ${message.length} bytes that is no JSON in UTF-8`, { cause });
    }
    try {
      return this.#check(value);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PacketError("refused", `a packet was refused: ${reason}`, { cause });
    }
  }

  /**
   * Receives value after value until the end of the connection, or {@linkcode close}.
   *
   * @throws {PacketError} As {@linkcode receive}; begin again to go on behind that packet.
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<JsonPacket<Incoming>> {
    while (this.socket.fd.isOpen) {
      let packet: JsonPacket<Incoming> | null;
      try {
        packet = await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      if (packet === null) return;
      yield packet;
    }
  }

  /** Closes the socket; does nothing the second time. */
  close(): void {
    this.socket.close();
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
