/**
 * Telling whoever asks a broker for a key a small value, such as where a server listens.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { delay } from "../core/delay.ts";
import { isPeerGone } from "../core/errors.ts";
import type { UnixSocket } from "../core/socket.ts";
import { defaultBrokerAddress } from "./defaults.ts";
import { encodeGetPair } from "./protocol.ts";
import { requestPair } from "./request_pair.ts";

/** The most bytes of a value, written as a line of JSON: they fit into a socket, so that no asker is waited for. */
export const MAX_VALUE_BYTES = 65_536;

const DEFAULT_WAITING = 4;
const MOST_WAITING = 64;

/** How long to wait before the broker is tried again, in milliseconds: each time twice as long. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 5000;

/** How long an asker may take to take its answer, in milliseconds. */
const ANSWER_MS = 5000;

/** How often is read what an asker has sent, 64 KiB each time: as much as its socket takes without being read. */
const MOST_READS = 4;

/** What to announce, and where. */
export interface AnnounceOptions {
  /** Where the broker listens, by default where `ipcx pair` looks for it. */
  address?: UnixAddress | string;
  /** What askers name: 1–1024 bytes; text is taken as UTF-8. */
  key: string | Uint8Array;
  /** What they are told: anything that can be written as JSON, in 65536 bytes. */
  value: unknown;
  /** How many requests wait at the broker, so that as many askers at once need not wait: 1–64, by default 4. */
  waiting?: number;
  /** Ends the announcement. */
  signal?: AbortSignal;
  /**
   * Told when the broker cannot be reached or refuses; once, until that has been better for a while. It is tried again.
   *
   * @param error Why, as `requestPair` throws it.
   */
  onFailure?(error: Error): void;
}

/** A value that askers are told, until it is closed. */
export class Announcement implements Disposable {
  /** Settled when nobody is answered any more. */
  readonly ended: Promise<void>;
  readonly #options: AnnounceOptions & { address: UnixAddress | string };
  readonly #stop = new AbortController();
  #line: Uint8Array<ArrayBuffer>;
  #value: unknown;
  #answered = 0;
  #isFailing = false;

  /**
   * Begins; {@linkcode announce} is the same.
   *
   * @param options What to announce, and where.
   * @throws {RangeError} If the key, the value or `waiting` is out of its range.
   * @throws {TypeError} If the value cannot be written as JSON.
   * @throws {Error} If no address is given, and there is no default one.
   */
  constructor(options: AnnounceOptions) {
    const { key, waiting = DEFAULT_WAITING, signal } = options;
    if (!Number.isInteger(waiting) || waiting < 1 || waiting > MOST_WAITING) {
      throw new RangeError(`waiting is a whole number from 1 to ${MOST_WAITING}, not ${waiting}`);
    }
    encodeGetPair({ mode: "server", key: typeof key === "string" ? new TextEncoder().encode(key) : key });
    this.#options = { ...options, address: options.address ?? defaultBrokerAddress() };
    this.#line = lineOf(options.value);
    this.#value = options.value;
    const close = (): void => this.close();
    if (signal?.aborted) close();
    else signal?.addEventListener("abort", close, { once: true });
    this.ended = Promise.all(Array.from({ length: waiting }, () => this.#serve())).then(() => {
      signal?.removeEventListener("abort", close);
    });
  }

  /** What askers are told; a new value holds for those who ask from then on. */
  get value(): unknown {
    return this.#value;
  }

  set value(value: unknown) {
    this.#line = lineOf(value);
    this.#value = value;
  }

  /** How many have been told. */
  get answered(): number {
    return this.#answered;
  }

  async #serve(): Promise<void> {
    const { signal } = this.#stop;
    const { address, key } = this.#options;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const since = performance.now();
      try {
        using asker = await requestPair({ address, key, mode: "server", signal });
        pause = FIRST_PAUSE_MS;
        this.#isFailing = false;
        await this.#answer(asker);
      } catch (error) {
        if (signal.aborted) return;
        if (performance.now() - since > LONGEST_PAUSE_MS) {
          pause = FIRST_PAUSE_MS;
          this.#isFailing = false;
        }
        this.#fail(error as Error);
        // Not all at the same moment: they would be in each other's way.
        await delay(pause * (1 + Math.random()) / 2, signal).catch(() => {});
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
  }

  async #answer(asker: UnixSocket): Promise<void> {
    // The asker may set SO_PASSCRED only after this has been sent: what does not say whose it is would be nobody's then.
    const credentials = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
    try {
      await asker.send(this.#line, { credentials, signal: AbortSignal.timeout(ANSWER_MS) });
      asker.shutdown("write");
      this.#answered++;
      // Whoever closes without having read all resets the connection: who goes on to send has that coming.
      for (let read = 0; read < MOST_READS; read++) {
        using message = asker.tryReceive({ maxFds: 0 });
        if (!message) break;
      }
    } catch (error) {
      const isSlow = error instanceof DOMException && error.name === "TimeoutError";
      if (!isSlow && !isPeerGone(error)) throw error;
    }
  }

  #fail(error: Error): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    try {
      this.#options.onFailure?.(error);
    } catch (fault) {
      reportError(fault);
    }
  }

  /** Answers nobody any more; does nothing the second time. */
  close(): void {
    this.#stop.abort();
  }

  /** Answers nobody any more, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function lineOf(value: unknown): Uint8Array<ArrayBuffer> {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a value of type ${typeof value} cannot be written as JSON`);
  const line = new TextEncoder().encode(`${text}\n`);
  if (line.length <= MAX_VALUE_BYTES) return line;
  throw new RangeError(`the value has ${line.length} bytes as a line of JSON; ${MAX_VALUE_BYTES} is the most`);
}

/**
 * Tells whoever asks a broker for a key a small value, such as the port of a
 * server that nobody has chosen.
 *
 * Askers use {@linkcode lookUp}, or `ipcx pair KEY --client --no-stdin`: they are
 * the broker's clients, the announcer is its server, and the answer is a line of
 * JSON and the end of the stream. The broker may be any that speaks the
 * SocketPair Broker Protocol. If it ends it is tried again, at growing intervals
 * of up to 5 seconds. The process stays alive until the announcement is closed.
 *
 * @param options Broker, key and value.
 * @returns The announcement, which is made at once even if the broker comes later.
 * @throws {RangeError} If the key, the value or `waiting` is out of its range.
 * @throws {TypeError} If the value cannot be written as JSON.
 * @throws {Error} If no address is given, and there is no default one.
 *
 * @example
 * ```ts
 * import { announce, Broker, listenEphemeral, lookUp, UnixListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using broker = new Broker();
 * const address = `@broker-${crypto.randomUUID()}`;
 * broker.listen(UnixListener.listen(address));
 *
 * using listener = listenEphemeral();
 * const { port } = listener;
 * using announcement = announce({ address, key: "db", value: { host: "127.0.0.1", port } });
 *
 * const { value, announcer } = await lookUp({ address, key: "db" });
 * assertEquals(value, { host: "127.0.0.1", port });
 * assertEquals(announcer?.pid, Deno.pid);
 * announcement.close();
 * await announcement.ended;
 * ```
 */
export function announce(options: AnnounceOptions): Announcement {
  return new Announcement(options);
}
