/**
 * Accepting connections of any kind by ourselves: the runtime stops to listen,
 * silently and for good, as soon as one cannot be accepted (accept(2): EMFILE).
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { EPOLL, ERRNO } from "./linux.ts";
import { native } from "./native.ts";
import { Watch } from "./reactor.ts";

/** How many are accepted before others get a turn. */
const AT_ONCE = 64;

/** How long nobody is accepted after that has failed, most likely at a limit of descriptors, in milliseconds. */
const PAUSE_MS = 100;

/** What is told of connections. */
export interface AcceptHandler {
  /**
   * Takes a connection; must not throw.
   *
   * @param connection The connection; the handler's from now on.
   * @param pid Who has connected, at a Unix socket; 0 at others.
   */
  onConnection(connection: Fd, pid: number): void;
  /** None can be accepted for a while; those who come wait. */
  onFailure(error: SystemError): void;
}

const peer = new Int32Array(3);

/**
 * Accepts connections of any kind until it is closed (accept(2)).
 *
 * A connection is taken from the queue only to be told of at once. So whoever
 * closes an acceptor loses none: those that wait are left to others who have the
 * listener open, such as the next version of a server. At a limit of descriptors
 * it waits, and tells of it; the listeners of Deno itself fall silent.
 *
 * The process stays alive until it is closed.
 *
 * @example Each connection is greeted
 * ```ts
 * import { Acceptor, adoptStreams, internetNameOf, listenTcp } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = await listenTcp("127.0.0.1", 0);
 * const { port } = internetNameOf(listener);
 * const acceptor = new Acceptor(listener, {
 *   async onConnection(connection) {
 *     const { readable, writable } = adoptStreams(connection);
 *     const writer = writable.getWriter();
 *     await writer.write(new TextEncoder().encode("hello"));
 *     await writer.close();
 *     await readable.cancel();
 *   },
 *   onFailure: (error) => console.error(error.message),
 * });
 *
 * const client = await Deno.connect({ port });
 * assertEquals(await new Response(client.readable).text(), "hello");
 * acceptor.close();
 * ```
 */
export class Acceptor implements Disposable {
  readonly #fd: Fd;
  readonly #handler: AcceptHandler;
  readonly #watch: Watch;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Begins to accept; nothing is told before the caller is done.
   *
   * @param listener A listening socket, nonblocking; the acceptor's from now on, but not if this throws.
   * @param handler What is told.
   */
  constructor(listener: Fd, handler: AcceptHandler) {
    this.#fd = listener;
    this.#handler = handler;
    this.#watch = new Watch(listener.number, EPOLL.IN, { onReady: () => this.#accept(), comesAlone: true });
    this.#watch.ref();
  }

  #accept(): void {
    for (let count = 0; count < AT_ONCE && this.#fd.isOpen; count++) {
      const result = native.ipcx_accept(this.#fd.number, peer);
      if (result === -ERRNO.EAGAIN) return;
      if (result < 0) return this.#pause(new SystemError("accept", -result));
      this.#handler.onConnection(new Fd(result), peer[0]);
    }
  }

  #pause(error: SystemError): void {
    this.#watch.change(EPOLL.ONESHOT);
    this.#timer = setTimeout(() => this.#watch.change(EPOLL.IN), PAUSE_MS);
    this.#handler.onFailure(error);
  }

  /** Accepts nobody any more, and closes the listener; those who wait are refused if nobody else has it open. */
  close(): void {
    clearTimeout(this.#timer);
    this.#watch.close();
    this.#fd.close();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
