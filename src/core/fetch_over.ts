/**
 * One request by HTTP over a connection that is there already.
 *
 * The runtime's own fetch takes a Unix socket for a proxy and sends it the whole
 * address; servers that are no proxies expect a path.
 *
 * @module
 */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { adoptSocket } from "./adoption.ts";
import type { UnixSocket } from "./socket.ts";

/** Answers to these have no body, and `Response` insists on that. */
const WITHOUT_BODY: readonly number[] = [204, 205, 304];

function bodyOf(answer: IncomingMessage, socket: Socket): ReadableStream<Uint8Array> {
  let isOver = false;
  const finish = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    tell();
    socket.destroy();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      answer.on("data", (chunk: Uint8Array) => {
        if (isOver) return;
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) answer.pause();
      });
      answer.once("end", () => finish(() => controller.close()));
      answer.on("error", (error) => finish(() => controller.error(error)));
    },
    pull: () => void answer.resume(),
    cancel: () => finish(() => {}),
  });
}

function responseOf(answer: IncomingMessage, socket: Socket): Response {
  const headers = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    headers.append(answer.rawHeaders[at], answer.rawHeaders[at + 1]);
  }
  const status = answer.statusCode ?? 0;
  const options = { status, statusText: answer.statusMessage, headers };
  if (!WITHOUT_BODY.includes(status)) return new Response(bodyOf(answer, socket), options);
  socket.destroy();
  return new Response(null, options);
}

/** Bytes whose number is known are sent with it; a stream in chunks. */
async function sendable(asked: Request, init: RequestInit): Promise<ReadableStream<Uint8Array> | Uint8Array> {
  if (!asked.body) return new Uint8Array();
  return init.body instanceof ReadableStream ? asked.body : new Uint8Array(await asked.arrayBuffer());
}

/**
 * Asks for something by HTTP and waits for the answer. The connection is closed
 * when that was read to its end, or cancelled.
 *
 * @param connection A stream socket; given away, and closed on failure.
 * @param path What for, with its leading slash.
 * @param init Method, headers, body and signal, as for the global `fetch`. The
 * answer comes as it was given: redirections are not followed, nothing is decompressed.
 * @returns The answer.
 * @throws {TypeError} If that is no request, or the connection no stream.
 * @throws {Error} If the peer hangs up, or does not speak HTTP; the signal's reason if that is aborted.
 *
 * @example
 * ```ts
 * import { fetchOver, serveConnection, UnixSocket } from "ipcx";
 * import { createServer } from "node:http";
 * import { assertEquals } from "@std/assert";
 *
 * const [ours, theirs] = UnixSocket.pair();
 * serveConnection(createServer(({ url }, answer) => answer.end(`this is ${url}`)), theirs);
 * assertEquals(await (await fetchOver(ours, "/here")).text(), "this is /here");
 * ```
 */
export async function fetchOver(connection: UnixSocket, path: string, init: RequestInit = {}): Promise<Response> {
  using held = new DisposableStack();
  held.use(connection);
  if (!path.startsWith("/")) throw new TypeError(`'${path}' is no path: it begins with a slash`);
  const asked = new Request(`http://localhost${path}`, init);
  const { signal } = asked;
  const [{ request }, body] = await Promise.all([import("node:http"), sendable(asked, init)]);
  signal.throwIfAborted();

  const socket = adoptSocket(connection);
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const length = body instanceof Uint8Array && asked.body ? { "content-length": body.length } : {};
  const { pathname, search } = new URL(asked.url);
  const outgoing = request({
    createConnection: () => socket,
    method: asked.method,
    path: pathname + search,
    headers: { host: "localhost", ...Object.fromEntries(asked.headers), ...length, connection: "close" },
  }, (answer) => {
    // After the head only its reader can still be told.
    outgoing.on("error", (error) => answer.destroy(error));
    try {
      resolve(responseOf(answer, socket));
    } catch (error) {
      // What a parser lets pass is not always what a `Response` can be.
      answer.on("error", () => {});
      socket.destroy();
      reject(new Error(`that is no answer by HTTP: ${(error as Error).message}`));
    }
  });
  const abort = (): void => void outgoing.destroy(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", abort));
  outgoing.once("error", (error) => {
    socket.destroy();
    reject(signal.aborted ? signal.reason : error);
  });
  outgoing.once("upgrade", () => {
    socket.destroy();
    reject(new Error("it goes on in another protocol than HTTP (101)"));
  });
  if (body instanceof Uint8Array) outgoing.end(body.length > 0 ? body : undefined);
  else pour(body, outgoing, socket).catch((error) => outgoing.destroy(error));
  return await promise;
}

/** Sends what a stream gives, until the connection is closed: the stream is cancelled then. */
async function pour(body: ReadableStream<Uint8Array>, outgoing: ClientRequest, socket: Socket): Promise<void> {
  const closed = new AbortController();
  let goOn = (): void => {};
  outgoing.on("drain", () => goOn());
  socket.once("close", () => {
    closed.abort();
    goOn();
  });
  // The peer may have to hear of the request before there is anything to send.
  outgoing.flushHeaders();
  const into = new WritableStream<Uint8Array>({
    async write(chunk) {
      if (outgoing.destroyed || outgoing.write(chunk)) return;
      await new Promise<void>((resolve) => goOn = resolve);
    },
    close: () => void outgoing.end(),
  });
  try {
    await body.pipeTo(into, { signal: closed.signal });
  } catch (error) {
    if (!closed.signal.aborted) throw error;
  }
}
