/**
 * The control socket of a broker: HTTP and JSON.
 *
 * | request | answer |
 * | --- | --- |
 * | GET /status | what the broker is doing |
 * | GET /clients | who is connected |
 * | DELETE /clients/ID | disconnects one |
 * | POST /drain | takes no more clients that would have to wait; ends when all are gone |
 * | GET, PUT /log-level | the level, as `{"level":"debug"}` |
 * | POST /shutdown | ends |
 * | GET /metrics | Prometheus |
 *
 * @module
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { getLogger, type LevelName, LogLevels } from "@std/log";
import { serveConnection } from "../core/adoption.ts";
import { delay } from "../core/delay.ts";
import { ClosedError } from "../core/errors.ts";
import type { UnixListener } from "../core/listener.ts";
import type { UnixSocket } from "../core/socket.ts";
import { ThrottledLog } from "../core/throttled_log.ts";
import type { Broker } from "./broker.ts";

const MAX_BODY_CHARACTERS = 65536;

/** How long to leave connections in the backlog when there are no descriptors for them. */
const PAUSE_MS = 200;

interface Answer {
  status: number;
  body: unknown;
  contentType?: string;
  allow?: string;
}

/** What the control socket can ask of the program around the broker. */
export interface ControlOwner {
  /** Ends the program in order. */
  shutdown(): void;
}

/** Serves the control socket of one broker. */
export class ControlServer implements Disposable {
  readonly #broker: Broker;
  readonly #listener: UnixListener;
  readonly #owner: ControlOwner;
  readonly #log = new ThrottledLog("broker");
  #server: Server | undefined;

  /**
   * Begins to serve.
   *
   * An abstract name has no permissions; there, only root and the broker's own
   * user are let in.
   *
   * @param broker The broker.
   * @param listener Where to serve; the server's from now on.
   * @param owner The program around the broker.
   */
  constructor(broker: Broker, listener: UnixListener, owner: ControlOwner) {
    this.#broker = broker;
    this.#listener = listener;
    this.#owner = owner;
    void this.#accept();
  }

  /** Nothing ends this but {@linkcode Symbol.dispose}: an operator needs the socket most when something is wrong. */
  async #accept(): Promise<void> {
    while (this.#listener.fd.isOpen) {
      try {
        await this.#serve(await this.#listener.accept());
      } catch (error) {
        if (error instanceof ClosedError) return;
        this.#log.warn("control failed", "control connection failed", { error: (error as Error).message });
        await delay(PAUSE_MS);
      }
    }
  }

  async #serve(socket: UnixSocket): Promise<void> {
    try {
      if (this.#isLetIn(socket)) serveConnection(await this.#http(), socket);
    } finally {
      // What was handed over is no longer the socket's own.
      socket.close();
    }
  }

  #isLetIn(socket: UnixSocket): boolean {
    if (this.#listener.listensAt.kind !== "abstract") return true;
    const { uid, pid } = socket.peerCredentials;
    if (uid === 0 || uid === Deno.uid()) return true;
    this.#log.warn("control refused", "control connection refused", { pid, uid });
    return false;
  }

  /** Loaded when somebody asks: the HTTP server is a good part of an idle broker's memory. */
  async #http(): Promise<Server> {
    if (!this.#server) {
      const { createServer } = await import("node:http");
      this.#server = createServer((request, response) => void this.#handle(request, response));
    }
    return this.#server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request.method ?? "", (request.url ?? "/").split("?")[0], request);
    } catch (error) {
      answer = { status: 500, body: { error: (error as Error).message } };
    }
    const body = typeof answer.body === "string" ? answer.body : `${JSON.stringify(answer.body)}\n`;
    // Deno ends the connections of a server that does not listen itself after one answer, and does not say so.
    response.writeHead(answer.status, {
      "content-type": answer.contentType ?? "application/json",
      "connection": "close",
      ...(answer.allow === undefined ? {} : { allow: answer.allow }),
    });
    response.end(body);
  }

  async #answer(method: string, path: string, request: IncomingMessage): Promise<Answer> {
    const client = /^\/clients\/(\d+)$/.exec(path);
    if (client) return this.#only("DELETE", method, () => this.#kick(Number(client[1])));
    switch (path) {
      case "/status":
        return this.#only("GET", method, () => ({ status: 200, body: this.#status() }));
      case "/clients":
        return this.#only("GET", method, () => ({ status: 200, body: this.#broker.clients }));
      case "/drain":
        return this.#only("POST", method, () => this.#drain());
      case "/shutdown":
        return this.#only("POST", method, () => {
          // The answer is to be on its way before the connection goes.
          setTimeout(() => this.#owner.shutdown());
          return { status: 202, body: { stopping: true } };
        });
      case "/log-level":
        if (method === "PUT") return setLevel(await readBody(request));
        return this.#only("GET", method, () => ({ status: 200, body: { level: currentLevel() } }), "GET, PUT");
      case "/metrics":
        return this.#only("GET", method, async () => {
          const { text, contentType } = await this.#broker.renderMetrics();
          return { status: 200, body: text, contentType };
        });
    }
    return { status: 404, body: { error: `there is no ${path}` } };
  }

  #only(
    allowed: string,
    method: string,
    answer: () => Answer | Promise<Answer>,
    all = allowed,
  ): Answer | Promise<Answer> {
    if (method === allowed) return answer();
    return { status: 405, allow: all, body: { error: `${method} is not allowed here, only ${all}` } };
  }

  #status(): Record<string, unknown> {
    return { pid: Deno.pid, ...this.#broker.status, logLevel: currentLevel() };
  }

  #kick(id: number): Answer {
    if (this.#broker.disconnect(id)) return { status: 200, body: { disconnected: id } };
    return { status: 404, body: { error: `there is no client ${id}` } };
  }

  #drain(): Answer {
    this.#broker.drain().then(() => this.#owner.shutdown());
    return { status: 202, body: { draining: true, clients: this.#broker.status.clients } };
  }

  /** Stops serving and removes the socket file. */
  [Symbol.dispose](): void {
    this.#listener.close();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

function currentLevel(): string {
  return getLogger("broker").levelName.toLowerCase();
}

function setLevel(body: string | undefined): Answer {
  if (body === undefined) {
    return { status: 413, body: { error: `a body has at most ${MAX_BODY_CHARACTERS} characters` } };
  }
  let level: unknown;
  try {
    level = JSON.parse(body).level;
  } catch {
    return { status: 400, body: { error: 'the body is JSON like {"level":"debug"}' } };
  }
  const name = String(level).toUpperCase();
  const names = Object.keys(LogLevels).filter((one) => one !== "NOTSET" && !/^\d/.test(one));
  if (!names.includes(name)) {
    return { status: 400, body: { error: `level is one of ${names.join(", ").toLowerCase()}` } };
  }
  getLogger("broker").levelName = name as LevelName;
  return { status: 200, body: { level: name.toLowerCase() } };
}

/** Returns nothing for a body that is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  let body = "";
  request.setEncoding("utf8");
  let isTooLong = false;
  // Read to its end all the same: a client that is cut off while it writes sees no answer.
  for await (const chunk of request as AsyncIterable<string>) {
    isTooLong ||= body.length + chunk.length > MAX_BODY_CHARACTERS;
    if (!isTooLong) body += chunk;
  }
  return isTooLong ? undefined : body;
}
