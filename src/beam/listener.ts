/**
 * Listening for beams.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { type ListenOptions, UnixListener } from "../core/listener.ts";
import { Beam } from "./beam.ts";
import { type BeamOptions, type BeamWaitOptions, settle } from "./options.ts";

/** How to listen for beams. */
export interface BeamListenOptions extends ListenOptions, BeamOptions {}

/**
 * A listener whose connections are beams; owner of its descriptor and of its socket file.
 *
 * @example
 * ```ts
 * import { Beam, BeamListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = BeamListener.listen(`@example-${crypto.randomUUID()}`, { framed: true });
 * using client = await Beam.connect(listener.address, { framed: true });
 * using server = await listener.accept();
 * await client.send("hello");
 * assertEquals((await server.receive())!.text, "hello");
 * ```
 */
export class BeamListener implements AsyncIterable<Beam>, Disposable {
  readonly #listener: UnixListener;
  readonly #options: BeamOptions;

  private constructor(listener: UnixListener, options: BeamOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /**
   * Starts to listen.
   *
   * @param address A path, an abstract name, unnamed, or `fd:N` for a listener
   * that this process was started with.
   * @param options Type, mode and owner as for any listener, and how to speak.
   * @returns The listener.
   * @throws {SystemError} EADDRINUSE if somebody listens there already.
   * @throws {RangeError} For an option out of its range.
   */
  static listen(address: UnixAddress | string, options: BeamListenOptions = {}): BeamListener {
    settle(options.type ?? "stream", options);
    const listener = UnixListener.listen(address, options);
    try {
      // What `fd:N` listens for has a type of its own.
      settle(listener.type, options);
      return new BeamListener(listener, options);
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** Where it listens. */
  get address(): UnixAddress {
    return this.#listener.listensAt;
  }

  /**
   * Accepts a connection, waiting for it if need be.
   *
   * @param options A signal that ends the wait.
   * @returns The beam, owned by the caller.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   * @throws {ClosedError} If the listener is closed meanwhile.
   */
  async accept(options: BeamWaitOptions = {}): Promise<Beam> {
    return new Beam(await this.#listener.accept(options), this.#options);
  }

  /**
   * Accepts connection after connection until {@linkcode close}. Whatever {@linkcode accept}
   * throws, such as EMFILE, ends it, too; who waits then can be accepted by the next loop.
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Beam> {
    for await (const socket of this.#listener) yield new Beam(socket, this.#options);
  }

  /** Closes the listener and removes its file; beams that were accepted stay open. */
  close(): void {
    this.#listener.close();
  }

  /** Closes the listener at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
