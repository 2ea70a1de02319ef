/**
 * The socket of a managed process: it listens, we dial.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import type { ConnectOptions } from "../core/connect.ts";
import { SystemError } from "../core/errors.ts";
import { fetchOver } from "../core/fetch_over.ts";
import { ERRNO } from "../core/linux.ts";
import { UnixListener } from "../core/listener.ts";
import { UnixSocket } from "../core/socket.ts";
import type { ManagedSocketOptions } from "./managed_options.ts";

/** The number under which a process finds its listener. */
export const SOCKET_NUMBER = 3;

/**
 * Listens on behalf of a process that is about to be started.
 *
 * @param name The abstract name.
 * @param options Type and backlog.
 * @returns The listener, in blocking mode as programs expect it; to be closed as soon as the process has it.
 * @throws {SystemError} EADDRINUSE if somebody listens there already.
 * @throws {AddressError} If the name is longer than 107 bytes.
 */
export function openManagedListener(name: string, options: ManagedSocketOptions): UnixListener {
  const listener = UnixListener.listen(UnixAddress.abstract(name), { type: options.type, backlog: options.backlog });
  try {
    listener.fd.setBlocking();
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** Dials a process. */
export class ManagedSocket implements Disposable {
  /** Where it listens: an abstract name of our own network namespace. */
  readonly address: UnixAddress;
  /** What it listens for. */
  readonly type: "stream" | "seqpacket";
  #closed = false;

  /**
   * Dials nobody yet.
   *
   * @param address Where it listens.
   * @param type What for.
   */
  constructor(address: UnixAddress, type: "stream" | "seqpacket" = "stream") {
    this.address = address;
    this.type = type;
  }

  #insistOnListener(): void {
    // The name may be somebody else's by now.
    if (this.#closed) throw new SystemError("connect", ERRNO.ECONNREFUSED, { address: `${this.address}` });
  }

  /**
   * Connects to the process.
   *
   * @param options Time-out and signal.
   * @returns The connection, the caller's.
   * @throws {SystemError} ECONNREFUSED if it listens no more.
   */
  async connect(options: Omit<ConnectOptions, "type"> = {}): Promise<UnixSocket> {
    this.#insistOnListener();
    const socket = await UnixSocket.connect(this.address, { ...options, type: this.type });
    try {
      // Whoever takes a name that has become free is not whom we mean.
      if (socket.peerCredentials.uid === Deno.uid()) return socket;
      throw new SystemError("connect", ERRNO.ECONNREFUSED, {
        address: `${this.address} (it is user ${socket.peerCredentials.uid}'s by now)`,
      });
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Asks the process by HTTP, on a connection of its own.
   *
   * @param path What for, with its leading slash.
   * @param init As {@linkcode fetchOver} takes it.
   * @returns The answer.
   * @throws {SystemError} ECONNREFUSED if it listens no more.
   */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    if (this.type !== "stream") throw new TypeError(`HTTP takes a stream: ${this.address} is a ${this.type} socket`);
    return await fetchOver(await this.connect({ signal: init?.signal ?? undefined }), path, init);
  }

  /** Dials no more; connections that are there stay their owners'. */
  [Symbol.dispose](): void {
    this.#closed = true;
  }
}
