/**
 * Handing sockets over to Deno, once no descriptors have to pass any more.
 *
 * What was adopted is closed by its new owner; the socket it came from cannot
 * be used any longer.
 *
 * @module
 */

import type { Server as HttpServer } from "node:http";
import { type Server, Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Fd } from "./fd.ts";
import type { UnixListener } from "./listener.ts";
import type { UnixSocket } from "./socket.ts";

/** Both directions of a connection as Web Streams. */
export interface WebStreams {
  /** What the peer sends; ends when the peer stops sending. */
  readable: ReadableStream<Uint8Array>;
  /** What the peer is sent; closing it tells the peer that nothing more follows. */
  writable: WritableStream<Uint8Array>;
}

function adopt(fd: Fd): Socket {
  // Half-open: the end of one direction must not cut off the other.
  const options = { fd: fd.release(), allowHalfOpen: true, readable: true, writable: true };
  return new Socket(options as ConstructorParameters<typeof Socket>[0]);
}

function requireStream(socket: UnixSocket): void {
  if (socket.type !== "stream") throw new TypeError(`a ${socket.type} socket cannot be adopted: only streams can`);
}

/**
 * Makes a `node:net` socket out of a connection.
 *
 * @param socket A stream socket; given away.
 * @returns The socket, half-open: it has to be ended on both sides.
 * @throws {TypeError} If it is no stream socket.
 *
 * @example
 * ```ts
 * import { adoptSocket, UnixSocket } from "ipcx";
 *
 * const [left, right] = UnixSocket.pair();
 * const socket = adoptSocket(left);
 * socket.end("bye");
 * await right.receive();
 * right.close();
 * socket.destroy();
 * ```
 */
export function adoptSocket(socket: UnixSocket): Socket {
  requireStream(socket);
  return adopt(socket.release());
}

/**
 * Makes Web Streams out of a connection.
 *
 * @param socket A stream socket; given away.
 * @returns Both directions; the descriptor is closed when both have ended.
 * @throws {TypeError} If it is no stream socket.
 *
 * @example
 * ```ts
 * import { adoptStreams, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair();
 * const one = adoptStreams(left), other = adoptStreams(right);
 * const writer = one.writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * assertEquals(await new Response(other.readable).text(), "hello");
 * await other.writable.close();
 * await one.readable.cancel();
 * ```
 */
export function adoptStreams(socket: UnixSocket): WebStreams {
  return Duplex.toWeb(adoptSocket(socket)) as unknown as WebStreams;
}

/**
 * Lets a `node:http` server answer on one connection, such as one that came
 * with a message.
 *
 * @param server The server; it need not listen.
 * @param socket A stream socket; given away.
 * @throws {TypeError} If it is no stream socket.
 */
export function serveConnection(server: HttpServer, socket: UnixSocket): void {
  server.emit("connection", adoptSocket(socket));
}

/**
 * Lets a `node:net` or `node:http` server listen on a listener that exists already.
 *
 * @param server The server.
 * @param listener A stream listener; given away. Its socket file stays.
 * @returns A promise without a value, when it listens.
 */
export function serveListener(server: Server | HttpServer, listener: UnixListener): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ fd: listener.release().release() }, () => {
    server.removeListener("error", reject);
    resolve();
  });
  return promise;
}
