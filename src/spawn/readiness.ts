/**
 * Whether a managed process is ready, and who finds out.
 *
 * @module
 */

import { UnixSocket } from "../core/socket.ts";
import type { ManagedSocket } from "./managed_socket.ts";

/** Timers may run before what has long been there is read: so long it may take to be read when time is up. */
const LATE_MS = 50;

/** What is told of the outcome. */
export interface ReadinessHandler {
  /** Called once it is ready. */
  onReady(): void;
  /** Called once it is certain that nobody will know. */
  onFailed(reason: unknown): void;
}

/** Settled once: ready, or not any more. */
export class Readiness {
  /** Settled with the outcome. */
  readonly promise: Promise<void>;
  readonly #identifier: string;
  readonly #missing: string;
  readonly #timeout: number;
  readonly #settled = new AbortController();
  readonly #resolvers = Promise.withResolvers<void>();
  #handler: ReadinessHandler | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Nothing is known yet, and no time runs.
   *
   * @param identifier Whose it is.
   * @param missing What has not happened if time is up.
   * @param timeout How long to wait, in milliseconds.
   */
  constructor(identifier: string, missing = "", timeout = 0) {
    this.#identifier = identifier;
    this.#missing = missing;
    this.#timeout = timeout;
    this.promise = this.#resolvers.promise;
    // Nobody has to look at it.
    this.promise.catch(() => {});
  }

  /** Whether nothing is known yet. */
  get isPending(): boolean {
    return !this.#settled.signal.aborted;
  }

  /** Aborted when there is nothing more to find out. */
  get signal(): AbortSignal {
    return this.#settled.signal;
  }

  /** Whether it is ready. */
  isConfirmed = false;

  /** Says whom to tell. */
  set handler(handler: ReadinessHandler) {
    this.#handler = handler;
  }

  /** Starts the time. */
  begin(): void {
    if (!this.isPending || this.#timer !== undefined) return;
    const fail = (): void => {
      const message = `'${this.#identifier}' was not ready within ${this.#timeout} ms: ${this.#missing}`;
      this.fail(new DOMException(message, "TimeoutError"));
    };
    this.#timer = setTimeout(() => this.#timer = setTimeout(fail, LATE_MS), this.#timeout);
  }

  #settle(): boolean {
    if (!this.isPending) return false;
    clearTimeout(this.#timer);
    this.#settled.abort();
    return true;
  }

  /** It is ready; does nothing if that was settled before. */
  confirm(): void {
    if (!this.#settle()) return;
    this.isConfirmed = true;
    this.#resolvers.resolve();
    this.#handler?.onReady();
  }

  /**
   * Nobody will know; does nothing if that was settled before.
   *
   * @param reason Why.
   */
  fail(reason: unknown): void {
    if (!this.#settle()) return;
    this.#resolvers.reject(reason);
    this.#handler?.onFailed(reason);
  }

  /** Settles it without telling anybody, for what was known from the start. */
  static known(identifier: string, failure?: unknown): Readiness {
    const readiness = new Readiness(identifier);
    if (failure === undefined) readiness.confirm();
    else readiness.fail(failure);
    return readiness;
  }
}

/**
 * Connects, says that nothing follows, and waits for an answer or the end: then
 * somebody has accepted the connection.
 *
 * @param socket The process's socket.
 * @param readiness What to confirm.
 */
export async function awaitFirstConnection(socket: ManagedSocket, readiness: Readiness): Promise<void> {
  const { signal } = readiness;
  try {
    using connection = await UnixSocket.connect(socket.address, { type: socket.type, signal });
    connection.shutdown("write");
    await connection.receive({ maxBytes: 1, maxFds: 0, signal });
    readiness.confirm();
  } catch {
    // ECONNRESET: the listener was closed and nobody has accepted. That leads to the process's end, or to the time-out.
  }
}

/**
 * Tells whether a line is the one that is waited for.
 *
 * @param line The line.
 * @param pattern What is to be in it.
 * @returns Whether it is.
 */
export function isReadyLine(line: string, pattern: string | RegExp): boolean {
  // search() starts at the beginning, whatever flags the expression has.
  return typeof pattern === "string" ? line.includes(pattern) : line.search(pattern) >= 0;
}
