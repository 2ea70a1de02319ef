/**
 * Asking a broker for a pair.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "../core/address.ts";
import { isPeerGone } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { UnixSocket } from "../core/socket.ts";
import {
  decodeSetPair,
  encodeGetPair,
  PADDED_MESSAGE_BYTES,
  type PairMode,
  ProtocolError,
  SHORT_REPLY_BYTES,
} from "./protocol.ts";

/** What to ask for. */
export interface RequestPairOptions {
  /** Where the broker listens. */
  address: UnixAddress | string;
  /** What the peer will name, too: 1–1024 bytes; text is taken as UTF-8. */
  key: string | Uint8Array;
  /** `"client"` and `"server"` are paired with each other, `"none"`, the default, with its like. */
  mode?: PairMode;
  /** How long to wait for the peer, in milliseconds; by default for ever. */
  timeout?: number;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** Thrown if the broker closed the connection instead of giving a socket. */
export class PairRefusedError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "PairRefusedError";

  /**
   * Tells of a refusal.
   *
   * @param cause The failed call by which it showed, if any.
   */
  constructor(cause?: unknown) {
    super("the broker closed the connection without giving a socket; its log says why", { cause });
  }
}

/**
 * Gets one end of a private socket; the peer is whoever names the same key.
 *
 * @param options Broker, key, mode and time-out.
 * @returns The connected stream socket, owned by the caller.
 * @throws {SystemError} If the broker cannot be reached.
 * @throws {PairRefusedError} If the broker refuses.
 * @throws {ProtocolError} If what answers is no broker.
 * @throws {DOMException} `TimeoutError`, if no peer came in time.
 * @throws {RangeError} If the key is empty or too long.
 *
 * @example
 * ```ts
 * import { Broker, requestPair, UnixListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using broker = new Broker();
 * const address = `@broker-${crypto.randomUUID()}`;
 * broker.listen(UnixListener.listen(address));
 *
 * const pair = [requestPair({ address, key: "db" }), requestPair({ address, key: "db" })];
 * const [one, other] = await Promise.all(pair);
 * await one.send("ping");
 * assertEquals((await other.receive())!.text, "ping");
 * one.close();
 * other.close();
 * ```
 */
export async function requestPair(options: RequestPairOptions): Promise<UnixSocket> {
  const { address, key, mode = "none", timeout } = options;
  const signals = [options.signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout)];
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
  const request = encodeGetPair({ mode, key: typeof key === "string" ? new TextEncoder().encode(key) : key });
  using connection = await UnixSocket.connect(toAddress(address), { signal });
  try {
    await connection.send(request, { signal });
    return await receiveSetPair(connection, signal);
  } catch (error) {
    // A broker that refuses a newcomer closes before it has read, or even got, the request.
    if (isPeerGone(error)) throw new PairRefusedError(error);
    throw error;
  }
}

/** The descriptor comes with the first bytes; the rest may come in pieces, or not at all. */
async function receiveSetPair(connection: UnixSocket, signal: AbortSignal): Promise<UnixSocket> {
  const reply = new Uint8Array(PADDED_MESSAGE_BYTES);
  let length = 0;
  using first = await receiveSome(connection, reply, length, signal);
  length += first.data.length;
  while (length < SHORT_REPLY_BYTES) {
    using more = await receiveSome(connection, reply, length, signal);
    length += more.data.length;
    if (more.fds.length > 0 || more.controlTruncated) {
      throw new ProtocolError("descriptors", "descriptors after the first byte of a reply");
    }
  }
  decodeSetPair(reply.subarray(0, length));
  if (first.fds.length !== 1 || first.controlTruncated) {
    throw new ProtocolError("descriptors", `${first.fds.length} descriptors in a reply, expected 1`);
  }
  return takeEnd(first.takeFds()[0]);
}

function takeEnd(fd: Fd): UnixSocket {
  let socket: UnixSocket;
  try {
    socket = UnixSocket.fromFd(fd);
  } catch (error) {
    throw new ProtocolError("descriptors", `no Unix socket in a reply: ${(error as Error).message}`);
  }
  if (socket.type === "stream") return socket;
  socket.close();
  throw new ProtocolError("descriptors", `a ${socket.type} socket in a reply, expected a stream socket`);
}

async function receiveSome(connection: UnixSocket, reply: Uint8Array<ArrayBuffer>, at: number, signal: AbortSignal) {
  const message = await connection.receive({ buffer: reply.subarray(at), maxFds: 2, signal });
  if (message === null) throw new PairRefusedError();
  return message;
}
