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
import { Fd } from "./fd.ts";
import type { UnixListener } from "./listener.ts";
import type { UnixSocket } from "./socket.ts";
import { toReadable, toWebStreams, type WebStreams } from "./web_streams.ts";

/** What can be adopted: a stream socket of ours, or a descriptor of a Unix or TCP stream or of a pipe. */
export type Adoptable = UnixSocket | Fd;

function released(source: Adoptable): number {
  if (source instanceof Fd) return source.release();
  if (source.type !== "stream") throw new TypeError(`a ${source.type} socket cannot be adopted: only streams can`);
  return source.release().release();
}

/**
 * Makes a `node:net` socket out of a connection.
 *
 * @param source A stream socket, or the descriptor of a stream or pipe; given away.
 * @returns The socket, half-open: it has to be ended on both sides.
 * @throws {TypeError} For a socket of another type.
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
export function adoptSocket(source: Adoptable): Socket {
  // Half-open: the end of one direction must not cut off the other.
  const options = { fd: released(source), allowHalfOpen: true, readable: true, writable: true };
  return new Socket(options as ConstructorParameters<typeof Socket>[0]);
}

/**
 * Makes Web Streams out of a connection.
 *
 * @param source A stream socket, or the descriptor of a stream or pipe; given away.
 * @returns Both directions; the descriptor is closed when both have ended.
 * @throws {TypeError} For a socket of another type.
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
export function adoptStreams(source: Adoptable): WebStreams {
  return toWebStreams(adoptSocket(source));
}

/**
 * Makes a `node:net` socket out of the end of a pipe.
 *
 * @param fd The end; given away.
 * @param direction What can be done with it.
 * @returns The socket.
 */
export function adoptPipe(fd: Fd, direction: "read" | "write"): Socket {
  // The runtime must not try the direction that a pipe does not have: reading from an end for writing is an error.
  const options = { fd: fd.release(), readable: direction === "read", writable: direction === "write" };
  return new Socket(options as ConstructorParameters<typeof Socket>[0]);
}

/**
 * Makes a Web Stream out of the end of a pipe to read from.
 *
 * @param fd The end; given away, and closed with the stream.
 * @returns What is written into the other end.
 */
export function adoptReader(fd: Fd): ReadableStream<Uint8Array> {
  return toReadable(adoptPipe(fd, "read"));
}

/**
 * Lets a `node:http` server answer on one connection, such as one that came
 * with a message.
 *
 * @param server The server; it need not listen.
 * @param source A stream socket, or the descriptor of a stream or pipe; given away.
 * @throws {TypeError} For a socket of another type.
 */
export function serveConnection(server: HttpServer, source: Adoptable): void {
  server.emit("connection", adoptSocket(source));
}

/**
 * Lets a `node:net` or `node:http` server listen on a listener that exists already.
 *
 * @param server The server.
 * @param listener A stream listener, or the descriptor of a Unix or TCP one; given away. Its socket file stays.
 * @returns A promise without a value, when it listens.
 */
export function serveListener(server: Server | HttpServer, listener: UnixListener | Fd): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  const fd = listener instanceof Fd ? listener : listener.release();
  server.listen({ fd: fd.release() }, () => {
    server.removeListener("error", reject);
    resolve();
  });
  return promise;
}
