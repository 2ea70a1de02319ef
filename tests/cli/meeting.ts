/**
 * A place where processes of a test meet: a broker in the test's own process.
 *
 * @module
 */

import { Broker } from "../../src/broker/broker.ts";
import { requestPair } from "../../src/broker/request_pair.ts";
import { UnixListener } from "../../src/core/listener.ts";
import type { UnixSocket } from "../../src/core/socket.ts";
import { ownName } from "../claim.ts";
import { within } from "./program.ts";

/** A broker in this process. */
export class Meeting implements Disposable {
  /** Where the broker listens. */
  readonly address: string = ownName();
  /** Tells a process of it. */
  readonly env: Record<string, string> = { ONE_SOCKET_PATH: this.address };
  readonly #broker = new Broker();

  /** Opens it. */
  constructor() {
    this.#broker.listen(UnixListener.listen(this.address));
  }

  /** The other end, in this process. */
  peer(key: string): Promise<UnixSocket> {
    return within(requestPair({ address: this.address, key }), "no peer");
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#broker.close();
  }
}

/** All that a peer sends until its end. */
export async function textOf(socket: UnixSocket): Promise<string> {
  let text = "";
  for await (const message of socket) text += message.text;
  return text;
}
