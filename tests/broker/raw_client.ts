/**
 * A client that sends whatever it is told to, and sees exactly what comes back.
 *
 * @module
 */

import { encodeGetPair, type Fd, type PairMode, SystemError, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";

/** How long to wait for a broker before a test has failed, in milliseconds. */
const PATIENCE_MS = 60_000;

/** Writes a request, with padding if it is to have more than 1040 bytes. */
export function requestBytes(key: string | Uint8Array, mode: PairMode = "none", size = 1040): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  bytes.set(encodeGetPair({ mode, key: typeof key === "string" ? new TextEncoder().encode(key) : key }));
  return bytes;
}

/** What a broker answered. */
export interface Reply {
  /** How many bytes its one message had. */
  length: number;
  /** The socket that came with it, owned by the caller. */
  socket: UnixSocket;
}

/** A connection to a broker. */
export class RawClient implements Disposable {
  /** The connection. */
  readonly socket: UnixSocket;

  private constructor(socket: UnixSocket) {
    this.socket = socket;
  }

  /** Connects. */
  static async connect(address: string): Promise<RawClient> {
    return new RawClient(await UnixSocket.connect(address));
  }

  /** Connects and sends a whole request. */
  static async ask(address: string, key: string | Uint8Array, mode?: PairMode, size?: number): Promise<RawClient> {
    const client = await RawClient.connect(address);
    await client.send(requestBytes(key, mode, size));
    return client;
  }

  /** Sends bytes; a broker that has closed already is no failure here. */
  async send(bytes: Uint8Array<ArrayBuffer>, fds: readonly Fd[] = []): Promise<void> {
    try {
      await this.socket.send(bytes, { fds });
    } catch (error) {
      if (!(error instanceof SystemError && error.code === "EPIPE")) throw error;
    }
  }

  /** Waits until the broker answers, or returns `undefined` if it closes instead. */
  async outcome(): Promise<Reply | undefined> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      using message = await this.socket.receive({ maxBytes: 4096, signal });
      if (message === null) return undefined;
      assertEquals(message.fds.length, 1);
      return { length: message.length, socket: UnixSocket.fromFd(message.takeFds()[0]) };
    } catch (error) {
      if (error instanceof SystemError && error.code === "ECONNRESET") return undefined;
      throw error;
    }
  }

  /** Waits for an answer that has to come. */
  async reply(): Promise<Reply> {
    const reply = await this.outcome();
    assert(reply !== undefined, "the broker closed the connection without a reply");
    return reply;
  }

  /** Waits until the broker closes the connection, which has to be its only answer. */
  async refusal(): Promise<void> {
    const reply = await this.outcome();
    reply?.socket.close();
    assert(reply === undefined, "the broker answered instead of closing the connection");
  }

  /** Tells whether nothing has come so far. */
  get isSilent(): boolean {
    return this.socket.tryReceive({ peek: true, maxBytes: 1, maxFds: 0 }) === undefined;
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** Makes sure that two sockets are the ends of one pair, and closes them. */
export async function assertPaired(one: UnixSocket, other: UnixSocket): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const mark = crypto.randomUUID();
    await one.send(mark);
    await other.send(`${mark}!`);
    assertEquals((await other.receive({ signal }))?.text, mark);
    assertEquals((await one.receive({ signal }))?.text, `${mark}!`);
  } finally {
    one.close();
    other.close();
  }
}

/** Makes sure that two clients get the ends of one pair. */
export async function assertPairedWith(one: RawClient, other: RawClient): Promise<void> {
  using first = (await one.reply()).socket;
  using second = (await other.reply()).socket;
  await assertPaired(first, second);
}
