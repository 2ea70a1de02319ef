/**
 * An HTTP server at whatever address: TCP, TLS, a Unix socket, or one that was
 * opened by somebody else.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import { getLogger } from "@std/log";
import { Acceptor } from "../core/acceptor.ts";
import { adoptSocket } from "../core/adoption.ts";
import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { internetNameOf, listenTcp, takeOverTcp } from "../core/internet.ts";
import { UnixListener } from "../core/listener.ts";
import type { SocketFileOptions } from "../core/socket_file.ts";
import { readCertificate } from "./certificate.ts";
import type { ListenTarget } from "./config.ts";
import { notePeer } from "./peers.ts";
import { StalledClients } from "./stalled.ts";
import { type HttpHandler, takeRequests, type Unanswered } from "./take_requests.ts";

/** What a server is to do. */
export interface HttpOptions extends SocketFileOptions {
  /** How many clients may be connected; those beyond are disconnected. */
  connections?: number;
  /** Within how many milliseconds a request must have arrived, and for how many its client may read nothing. */
  requestTimeout?: number;
  /** Whether clients that have sent all may close that direction and still be answered. */
  allowHalfOpen?: boolean;
  /** How long a connection may be idle, in milliseconds, 30 000 by default; 0 for as long as its client likes. */
  idleTimeout?: number;
  /** A listening socket to serve instead of opening one; the server's from now on. */
  activated?: Fd;
}

/** How long a header may take to arrive, and the handshake of TLS before it, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;

/** How often it is looked for requests that do not arrive, and for answers that are not read, in milliseconds. */
const LOOK_MS = 1000;

/** How long a connection may be idle, in milliseconds: longer than the usual pause of a client that keeps it. */
const IDLE_MS = 30_000;

/**
 * Tells whether an address is that of a Unix socket.
 *
 * @param address The address.
 * @returns Whether it is.
 */
export function isUnix(address: string): boolean {
  return /^(?:[@/]|\.{1,2}\/|fd:)/.test(address);
}

/** How an address is written in a URL. */
function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** What is listened at. */
interface Listening {
  /** To accept from. */
  readonly fd: Fd;
  /** The Unix socket that it is, with its file. */
  readonly listener?: UnixListener;
}

/** A server that listens. */
export class HttpService {
  /** Where clients reach it, such as `http://127.0.0.1:8080` or `unix:@front`; where they did, when it has been closed. */
  readonly url: string;
  readonly #server: Server | TlsServer;
  readonly #unanswered: Unanswered;
  readonly #acceptor: Acceptor;
  readonly #listener: UnixListener | undefined;
  readonly #target: ListenTarget;
  readonly #options: HttpOptions;
  readonly #sockets = new Set<Socket>();
  readonly #stalled: StalledClients | undefined;
  #mostConnections: number;
  #isFull = false;
  #isClosing = false;

  private constructor(
    server: Server | TlsServer,
    unanswered: Unanswered,
    target: ListenTarget,
    options: HttpOptions,
    listening: Listening,
  ) {
    const { requestTimeout } = options;
    if (requestTimeout !== undefined) {
      const stalled = this.#stalled = new StalledClients(requestTimeout, LOOK_MS);
      // Of a connection with TLS only the layer above it knows what was sent.
      server.on(target.tls ? "secureConnection" : "connection", (socket) => stalled.add(socket));
    }
    this.#server = server;
    this.#unanswered = unanswered;
    this.#target = target;
    this.#options = options;
    this.#mostConnections = options.connections ?? Infinity;
    this.#listener = listening.listener;
    this.url = urlOf(target, listening);
    this.#acceptor = new Acceptor(listening.fd, {
      onConnection: (connection, pid) => this.#take(connection, pid),
      onFailure: (error) => this.#onFailure(error),
    });
    // It has no listener of its own: it would keep no connection, and not look for requests that do not arrive.
    Object.defineProperty(server, "listening", { get: () => !this.#isClosing });
    server.emit("listening");
  }

  /**
   * Starts to listen.
   *
   * @param target Where.
   * @param handler Takes requests.
   * @param options Limits, and the mode and owner of a socket file.
   * @returns The server.
   * @throws {SystemError} EADDRINUSE if somebody listens there already, and the like.
   * @throws {Error} If the certificate does not go with its key.
   */
  static async open(target: ListenTarget, handler: HttpHandler, options: HttpOptions = {}): Promise<HttpService> {
    const { idleTimeout = IDLE_MS } = options;
    const settings = {
      ...timesOf(options),
      connectionsCheckingInterval: LOOK_MS,
      keepAliveTimeout: idleTimeout,
      requireHostHeader: false,
    };
    const server = target.tls
      ? createTlsServer({ ...settings, ...readCertificate(target.tls), handshakeTimeout: settings.headersTimeout })
      : createServer(settings);
    if (options.allowHalfOpen) (server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
    const unanswered = takeRequests(server, handler);
    return new HttpService(server, unanswered, target, options, await listen(target, options));
  }

  #take(connection: Fd, pid: number): void {
    this.#isFull = false;
    if (this.#sockets.size >= this.#mostConnections) return connection.close();
    const socket = adoptSocket(connection);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    notePeer(socket, pid);
    this.#server.emit("connection", socket);
  }

  #onFailure(error: Error): void {
    // Once for all who cannot come in until somebody can.
    if (!this.#isFull) getLogger("proxy").warn("accept failed", { at: this.url, error: error.message });
    this.#isFull = true;
  }

  /** Whether it listens there, so that it need not be opened again. */
  listensAt({ address, port }: ListenTarget): boolean {
    return address === this.#target.address && port === this.#target.port;
  }

  /**
   * Prepares to serve on with other settings.
   *
   * @param target Where it listens, perhaps with another certificate.
   * @param options Other limits.
   * @returns Puts them in force, and cannot fail.
   * @throws {Error} If the certificate does not go with its key, or if it takes a restart to change what differs.
   */
  prepare(target: ListenTarget, options: HttpOptions): () => void {
    const server = this.#server;
    const { tls } = target;
    if (Boolean(tls) !== Boolean(this.#target.tls)) {
      throw new Error(`${this.url} is served ${tls ? "without" : "with"} TLS: it takes a restart to change that`);
    }
    const { mode, uid, gid } = this.#options;
    const isSame = mode === options.mode && uid === options.uid && gid === options.gid;
    if (!this.#options.activated && !isSame) {
      throw new Error(`${target.address} has its mode and owner already: it takes a restart to change them`);
    }
    const pem = tls && readCertificate(tls);
    return () => {
      if (pem) (server as TlsServer).setSecureContext(pem);
      Object.assign(server, timesOf(options));
      if (this.#stalled) this.#stalled.mostMs = options.requestTimeout ?? Infinity;
      this.#mostConnections = options.connections ?? Infinity;
    };
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Listens no more and ends idle connections; requests that run go on. The socket file goes. */
  stopListening(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#acceptor.close();
    this.#listener?.close();
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Waits until all requests have been answered, whether their clients have read that or have gone. */
  async answered(): Promise<void> {
    await this.#unanswered.none();
  }

  /** Ends all connections. */
  close(): void {
    this.stopListening();
    this.#stalled?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function urlOf({ tls }: ListenTarget, { fd, listener }: Listening): string {
  if (listener) return `unix${tls ? "+tls" : ""}:${listener.listensAt}`;
  const { address, port } = internetNameOf(fd);
  return `${tls ? "https" : "http"}://${hostOf(address)}:${port}`;
}

/** Opens what is to be accepted from. */
async function listen(target: ListenTarget, options: HttpOptions): Promise<Listening> {
  const { activated } = options;
  const listener = activated
    ? unixListenerOf(activated)
    : isUnix(target.address)
    ? UnixListener.listen(target.address, options)
    : undefined;
  if (listener) return { listener, fd: listener.fd.duplicate() };
  return { fd: activated ? takeOverTcp(activated) : await listenTcp(target.address, target.port ?? 0) };
}

/** @returns The listener that a descriptor is, given away; `undefined` if it is no Unix socket, and still the caller's. */
function unixListenerOf(fd: Fd): UnixListener | undefined {
  try {
    const listener = UnixListener.fromFd(fd.duplicate());
    fd.close();
    return listener;
  } catch (error) {
    if (error instanceof SystemError && error.code === "EAFNOSUPPORT") return undefined;
    throw error;
  }
}

function timesOf({ requestTimeout = 0 }: HttpOptions): { requestTimeout: number; headersTimeout: number } {
  const headersTimeout = requestTimeout === 0 ? HEADERS_TIMEOUT_MS : Math.min(HEADERS_TIMEOUT_MS, requestTimeout);
  return { requestTimeout, headersTimeout };
}
