/**
 * A service manager, as services see it.
 *
 * @module
 */

import { UnixSocket } from "../../src/core/socket.ts";
import { within } from "./program.ts";

/** What a service manager hears: a real datagram socket that is asked message by message. */
export class Manager implements Disposable {
  readonly #socket: UnixSocket;
  /** What a service finds it by. */
  readonly env: Record<string, string>;

  /**
   * Begins to listen.
   *
   * @param address Where.
   */
  constructor(address: string) {
    this.#socket = UnixSocket.bound(address);
    this.env = { NOTIFY_SOCKET: address };
  }

  /** The next message. */
  async hear(): Promise<Record<string, string>> {
    using message = await within(this.#socket.receive(), "no notification");
    const lines = message!.text.split("\n").filter((line) => line !== "");
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
