/**
 * A holder in the process of the test.
 *
 * @module
 */

import { FdHolder, type FdHolderOptions, HolderClient, UnixListener, UnixSocket } from "ipcx";
import { ownName } from "../claim.ts";

/** A holder and the abstract name at which it is asked. */
export class EmbeddedHolder implements Disposable {
  /** Where it is asked. */
  readonly address: string;
  /** The holder itself. */
  readonly holder: FdHolder;
  /** Asks it. */
  readonly client: HolderClient;

  /** Starts one. */
  constructor(options?: FdHolderOptions, address: string = ownName(), mode?: number) {
    this.address = address;
    this.holder = new FdHolder(options);
    this.holder.listen(UnixListener.listen(address, { type: "seqpacket", mode }));
    this.client = new HolderClient(address);
  }

  /** Connects as a client that may say anything. */
  async connect(): Promise<UnixSocket> {
    return await UnixSocket.connect(this.address, { type: "seqpacket" });
  }

  /** The names of what it holds. */
  get names(): string[] {
    return this.holder.held.map(({ name }) => name);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.holder.close();
  }
}

/** One end of a connection, and a look whether anybody still has the other. */
export class Watched implements Disposable {
  /** The end to give away; closed when that is done. */
  readonly given: UnixSocket;
  readonly #kept: UnixSocket;

  /** Makes a connection. */
  constructor() {
    [this.#kept, this.given] = UnixSocket.pair();
  }

  /** Waits until the given end is closed everywhere. */
  async isClosed(): Promise<void> {
    this.given.close();
    const end = await this.#kept.receive();
    if (end !== null) throw new Error("something came");
  }

  /** Whether somebody still has the given end. */
  get isHeld(): boolean {
    this.given.close();
    return this.#kept.tryReceive() === undefined;
  }

  /** Closes both. */
  [Symbol.dispose](): void {
    this.given.close();
    this.#kept.close();
  }
}

/** Asks with a packet of any bytes, and waits for the reply as text. */
export async function say(
  socket: UnixSocket,
  text: string | Uint8Array<ArrayBuffer>,
  fds: readonly Watched[] = [],
): Promise<string> {
  await socket.send(text, { fds: fds.map(({ given }) => given.fd) });
  using message = await socket.receive();
  return message === null ? "the end" : message.text;
}
