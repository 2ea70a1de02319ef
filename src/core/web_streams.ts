/**
 * Both directions of a `node:net` socket as Web Streams, each with an end of its own.
 *
 * Node's own adapters wait for both directions before they call one closed, so a
 * half-close through them never ends.
 *
 * @module
 */

import type { Socket } from "node:net";

/** Both directions of a connection as Web Streams. */
export interface WebStreams {
  /** What the peer sends; ends when the peer stops sending. */
  readable: ReadableStream<Uint8Array>;
  /** What the peer is sent; closing it tells the peer that nothing more follows. */
  writable: WritableStream<Uint8Array>;
}

function readableOf(socket: Socket, onDone: () => void): ReadableStream<Uint8Array> {
  let done = false;
  const finish = (): void => {
    done = true;
    onDone();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      socket.pause();
      socket.on("data", (chunk: Uint8Array) => {
        if (done) return;
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) socket.pause();
      });
      socket.once("end", () => {
        if (done) return;
        controller.close();
        finish();
      });
      socket.once("error", (error) => done || (controller.error(error), finish()));
      socket.once("close", () => done || (controller.close(), finish()));
    },
    pull() {
      socket.resume();
    },
    cancel() {
      finish();
      // Left unread, the peer would wait for ever.
      socket.resume();
    },
  });
}

function writableOf(socket: Socket, onDone: () => void): WritableStream<Uint8Array> {
  const settled = (begin: (callback: (error?: Error | null) => void) => void): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const closed = (): void => reject(new Error("the connection was closed"));
    socket.once("close", closed);
    begin((error) => {
      socket.removeListener("close", closed);
      if (error) reject(error);
      else resolve();
    });
    return promise;
  };
  return new WritableStream<Uint8Array>({
    start(controller) {
      socket.once("error", (error) => controller.error(error));
    },
    write: (chunk) => settled((callback) => socket.write(chunk, callback)),
    async close() {
      await settled((callback) => socket.end(() => callback()));
      onDone();
    },
    abort() {
      socket.destroy();
      onDone();
    },
  });
}

/**
 * Makes Web Streams out of a socket.
 *
 * @param socket The socket, half-open; the streams' from now on. It is destroyed
 * when both directions have ended.
 * @returns Both directions.
 */
export function toWebStreams(socket: Socket): WebStreams {
  let open = 2;
  const onDone = (): void => {
    if (--open === 0) socket.destroy();
  };
  return { readable: readableOf(socket, onDone), writable: writableOf(socket, onDone) };
}

/**
 * Makes a Web Stream out of a socket that is only read from.
 *
 * @param socket The socket; the stream's from now on, and destroyed at its end.
 * @returns What the peer sends.
 */
export function toReadable(socket: Socket): ReadableStream<Uint8Array> {
  return readableOf(socket, () => socket.destroy());
}

/**
 * Makes a Web Stream out of a socket that is only written to.
 *
 * @param socket The socket; the stream's from now on, and destroyed at its end.
 * @returns What the peer is sent.
 */
export function toWritable(socket: Socket): WritableStream<Uint8Array> {
  return writableOf(socket, () => socket.destroy());
}
