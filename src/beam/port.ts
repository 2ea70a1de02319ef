/**
 * Structured values between two processes, as between two `MessagePort`s.
 *
 * @module
 */

import { ClosedError, isPeerGone } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";
import { tooLarge } from "./wires/assembly.ts";
import type { Beam } from "./beam.ts";
import { BeamError } from "./errors.ts";
import { type BeamCodec, jsonCodec } from "./json_codec.ts";
import { BeamCloseEvent, BeamMessageEvent, type BeamPortEvents } from "./port_events.ts";
import { PortQueue } from "./port_queue.ts";

/** How a port speaks, and how much may wait to be sent. */
export interface BeamPortOptions {
  /** How values become payloads; by default JSON. The peer has to do the same. */
  codec?: BeamCodec;
  /** The most messages that wait to be sent, 1 or more; by default 16384. */
  maxQueued?: number;
  /** The most bytes that wait to be sent, 1 or more; by default 16 MiB. One message may wait whatever its size. */
  maxQueuedBytes?: number;
}

/** A handler of events of a port, or that there is none. */
export type BeamPortHandler<Type extends keyof BeamPortEvents> = ((event: BeamPortEvents[Type]) => void) | null;

/**
 * A beam that carries structured values, with the interface of a `MessagePort`.
 *
 * Messages arrive in the order in which they were posted. The process stays
 * alive while the port listens, or has something to send.
 *
 * @example A question and its answer
 * ```ts
 * import { Beam, BeamPort } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [client, server] = Beam.pair({ framed: true }).map((beam) => new BeamPort(beam));
 * server.onmessage = ({ data }) => server.postMessage({ sum: (data as number[]).reduce((a, b) => a + b) });
 *
 * const answer = new Promise((resolve) => client.onmessage = ({ data }) => resolve(data));
 * client.postMessage([1, 2, 3]);
 * assertEquals(await answer, { sum: 6 });
 *
 * const closed = new Promise((resolve) => server.onclose = resolve);
 * client.close();
 * await closed;
 * ```
 *
 * @example A value with a descriptor
 * ```ts
 * import { Beam, BeamPort, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = Beam.pair({ type: "seqpacket" }).map((beam) => new BeamPort(beam));
 * const [near, far] = UnixSocket.pair();
 * const taken = new Promise<UnixSocket>((resolve) => {
 *   right.onmessage = (event) => resolve(UnixSocket.fromFd(event.takeFd()!));
 * });
 * left.postMessage({ name: "a connection" }, far.release());
 *
 * using connection = await taken;
 * await near.send("hello");
 * assertEquals((await connection.receive())!.text, "hello");
 * near.close();
 * left.close();
 * right.close();
 * ```
 */
export class BeamPort extends EventTarget implements Disposable {
  readonly #beam: Beam;
  readonly #codec: BeamCodec;
  readonly #queue: PortQueue;
  readonly #handlers = new Map<string, EventListener>();
  readonly #stopReceiving = new AbortController();
  #state: "open" | "closing" | "closed" = "open";
  #isStarted = false;
  #isSending = false;
  #error: unknown;

  /**
   * Makes a port; messages are received once it is started.
   *
   * @param beam A beam with frames or over packets; the port's from now on.
   * @param options How it speaks.
   * @throws {TypeError} For a beam without frames, which stays the caller's:
   * glued messages cannot be told apart.
   * @throws {RangeError} For an option out of its range.
   */
  constructor(beam: Beam, options: BeamPortOptions = {}) {
    super();
    const { codec = jsonCodec, maxQueued = 16384, maxQueuedBytes = 16 * 1024 * 1024 } = options;
    if (!beam.settings.framed) {
      throw new TypeError("a port needs frames or packets: without them, a stream does not keep messages apart");
    }
    for (const [name, value] of Object.entries({ maxQueued, maxQueuedBytes })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new RangeError(`${name} is a whole number of 1 or more, not ${value}`);
      }
    }
    this.#beam = beam;
    this.#codec = codec;
    this.#queue = new PortQueue(maxQueued, maxQueuedBytes);
  }

  /** The bytes that were posted and that the kernel does not have yet. */
  get bufferedAmount(): number {
    return this.#queue.bytes;
  }

  /**
   * A promise without a value, when the kernel has all that was posted; rejected
   * if the port is closed before.
   */
  get drained(): Promise<void> {
    return this.#queue.drained;
  }

  /**
   * Sends a value, without waiting for it to be sent.
   *
   * @param value The value; with JSON, as {@linkcode jsonCodec} says.
   * @param transfer The descriptors to go along. They are given away, unless this throws.
   * @throws {TypeError} For a value that has no such form, or a descriptor that is named twice.
   * @throws {BeamError} `"too-large"` above the beam's `maxBytes`.
   * @throws {DOMException} `QuotaExceededError`, if too much waits to be sent: wait for {@linkcode drained}.
   * @throws {ClosedError} If the port is closed, or a descriptor is.
   */
  postMessage(value: unknown, transfer: Fd | readonly Fd[] = []): void {
    if (this.#state !== "open" || this.#error !== undefined) throw new ClosedError("the port was closed");
    const data = this.#codec.encode(value);
    const { maxBytes } = this.#beam.settings;
    if (data.length > maxBytes) throw tooLarge(data.length, maxBytes);
    this.#queue.checkRoom(data.length);
    this.#queue.add({ data, fds: takeAll(transfer instanceof Fd ? [transfer] : transfer) });
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      for (let next = this.#queue.first; next; next = this.#queue.first) {
        await this.#beam.send(next.data, next.fds);
        this.#queue.remove(next);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isSending = false;
    if (this.#state === "closing") this.#finish();
  }

  /** What the peer sent before it went is still told, if anybody listens. */
  #fail(error: unknown): void {
    if (this.#state === "closed") return;
    this.#error ??= error;
    this.#queue.drop(error);
    if (this.#state === "open" && !(this.#isStarted && isPeerGone(error))) this.#finish();
  }

  /** Begins to receive; what has arrived waits until then. Does nothing the second time. */
  start(): void {
    if (this.#isStarted || this.#state !== "open") return;
    this.#isStarted = true;
    void this.#receiveAll();
  }

  async #receiveAll(): Promise<void> {
    const { signal } = this.#stopReceiving;
    while (!signal.aborted) {
      try {
        const message = await this.#beam.receive({ signal });
        if (message === null) return this.#end();
        this.#deliver(message, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof BeamError && this.#beam.isOpen) {
          this.dispatchEvent(new BeamMessageEvent("messageerror", error));
          continue;
        }
        this.#error ??= error;
        // A peer that closed without reading all has reset the connection: the next call tells of its end.
        if (!isPeerGone(error)) return this.#finish();
      }
    }
  }

  #deliver(message: Message, signal: AbortSignal): void {
    using rest = message;
    if (!signal.aborted) this.dispatchEvent(this.#eventOf(rest));
  }

  #eventOf(message: Message): BeamMessageEvent {
    try {
      if (message.controlTruncated) {
        const { maxFds } = this.#beam.settings;
        throw new BeamError("too-large", `a message with more than ${maxFds} descriptors; the rest were closed`);
      }
      return new BeamMessageEvent("message", this.#codec.decode(message.data), message);
    } catch (error) {
      return new BeamMessageEvent("messageerror", error);
    }
  }

  /** The peer sends no more, but may still take what waits. */
  #end(): void {
    this.#state = "closing";
    if (!this.#isSending) this.#finish();
  }

  #finish(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#stopReceiving.abort();
    this.#beam.close();
    this.#queue.drop(this.#error);
    queueMicrotask(() => this.dispatchEvent(new BeamCloseEvent(this.#error)));
  }

  /**
   * Closes the port: no more messages are told, and what was posted is still sent.
   *
   * @param options `discard` gives up what is not sent.
   */
  close(options: { discard?: boolean } = {}): void {
    this.#stopReceiving.abort();
    if (this.#state === "open") this.#state = "closing";
    if (options.discard || !this.#isSending) this.#finish();
  }

  /** Closes the port at the end of a `using` block, as {@linkcode close} does. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Keeps the process alive while the port listens, as is so at first. */
  ref(): void {
    this.#beam.ref();
  }

  /** Lets the process end although the port listens, or has something to send. */
  unref(): void {
    this.#beam.unref();
  }

  /** What is told of messages; setting it starts the port. */
  get onmessage(): BeamPortHandler<"message"> {
    return this.#handlerOf("message");
  }

  /** Tells somebody else of messages from now on, and starts the port. */
  set onmessage(handler: BeamPortHandler<"message">) {
    this.#handle("message", handler);
    this.start();
  }

  /** What is told of messages that could not be read. */
  get onmessageerror(): BeamPortHandler<"messageerror"> {
    return this.#handlerOf("messageerror");
  }

  /** Tells somebody else of messages that could not be read. */
  set onmessageerror(handler: BeamPortHandler<"messageerror">) {
    this.#handle("messageerror", handler);
  }

  /** What is told of the end. */
  get onclose(): BeamPortHandler<"close"> {
    return this.#handlerOf("close");
  }

  /** Tells somebody else of the end. */
  set onclose(handler: BeamPortHandler<"close">) {
    this.#handle("close", handler);
  }

  #handlerOf<Type extends keyof BeamPortEvents>(type: Type): BeamPortHandler<Type> {
    return (this.#handlers.get(type) ?? null) as BeamPortHandler<Type>;
  }

  #handle<Type extends keyof BeamPortEvents>(type: Type, handler: BeamPortHandler<Type>): void {
    super.removeEventListener(type, this.#handlers.get(type) ?? null);
    this.#handlers.delete(type);
    if (!handler) return;
    this.#handlers.set(type, handler as EventListener);
    super.addEventListener(type, handler as EventListener);
  }

  /** Adds a listener; unlike setting `onmessage`, that does not start the port. */
  override addEventListener<Type extends keyof BeamPortEvents>(
    type: Type,
    listener: ((event: BeamPortEvents[Type]) => void) | EventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListenerOrEventListenerObject, options);
  }

  /** Removes a listener. */
  override removeEventListener<Type extends keyof BeamPortEvents>(
    type: Type,
    listener: ((event: BeamPortEvents[Type]) => void) | EventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener as EventListenerOrEventListenerObject, options);
  }
}

/** Takes all of the descriptors, or none. */
function takeAll(fds: readonly Fd[]): Fd[] {
  if (new Set(fds).size < fds.length) throw new TypeError("a descriptor can be given away only once");
  if (!fds.every((fd) => fd.isOpen)) throw new ClosedError("a descriptor was closed, or given away before");
  return fds.map((fd) => new Fd(fd.release()));
}
