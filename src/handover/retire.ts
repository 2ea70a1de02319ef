/**
 * Ending an HTTP server of which the next version has taken over.
 *
 * @module
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { Server } from "node:net";

const DEFAULT_TIMEOUT_MS = 30_000;

/** How to end a server. */
export interface RetireOptions {
  /** How long clients may take, in milliseconds, until their connections are closed; by default 30 000. */
  timeout?: number;
  /** Closes the connections at once. */
  signal?: AbortSignal;
}

/**
 * Lets an HTTP server accept nobody more, answer whom it has accepted, and end.
 *
 * Clients keep connections for their next request. `server.close()` closes those
 * that are idle at once, onto one of which a client may just be sending: it would
 * see a reset. Here a request that still comes is answered, and the client told
 * to come anew (`Connection: close`), which leads it to the next version. An idle
 * connection ends after the server's `keepAliveTimeout`, by default 5 seconds.
 *
 * @param server The server, which listens.
 * @param options How long clients may take.
 * @returns Whether all clients were done in time; connections of others were closed.
 *
 * @example
 * ```ts
 * import { listenEphemeral, retireServer, serveListener } from "ipcx";
 * import { createServer } from "node:http";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listenEphemeral();
 * const server = createServer((_request, response) => void response.end("hello"));
 * await serveListener(server, listener.fd);
 * const response = await fetch(`http://127.0.0.1:${listener.port}/`, { headers: { connection: "close" } });
 * assertEquals(await response.text(), "hello");
 * assertEquals(await retireServer(server), true);
 * ```
 */
export async function retireServer(server: HttpServer, options: RetireOptions = {}): Promise<boolean> {
  const { timeout = DEFAULT_TIMEOUT_MS, signal } = options;
  const { promise, resolve } = Promise.withResolvers<void>();
  let isInTime = true;
  const cut = (): void => {
    isInTime = false;
    server.closeAllConnections();
  };
  server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("connection", "close");
  });
  // It keeps connections only as long as it listens; on those that it has, the next request may be on its way.
  Object.defineProperty(server, "listening", { get: () => true, configurable: true });
  const timer = setTimeout(cut, timeout);
  signal?.addEventListener("abort", cut);
  try {
    // That of node:http would close idle connections, too.
    Server.prototype.close.call(server, () => resolve());
    if (signal?.aborted) cut();
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cut);
    delete (server as { listening?: boolean }).listening;
  }
  return isInTime;
}
