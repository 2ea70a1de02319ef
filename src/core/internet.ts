/**
 * Listening sockets of the internet (tcp(7)), as descriptors: to be accepted from
 * by ourselves, handed to another process, or served by Deno.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { check, SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO, SO } from "./linux.ts";
import { native } from "./native.ts";
import { getNumber } from "./options.ts";

/** As many as the kernel allows: it caps what is asked for at net.core.somaxconn. */
export const BACKLOG = 4096;

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;

/** Longer than any address with a scope (INET6_ADDRSTRLEN and IFNAMSIZ). */
const MOST_HOST_BYTES = 80;

/** Where a socket is bound. */
export interface InternetName {
  /** The IP address; `"0.0.0.0"` or `"::"` for all of the host's. */
  readonly address: string;
  /** The port, 1–65535; 0 for a socket that is not bound. */
  readonly port: number;
}

/**
 * Starts to listen for TCP connections, without Nagle's algorithm (TCP_NODELAY).
 *
 * Give the listener to `serveListener`, to an {@linkcode Acceptor}, or to another
 * process. For a port that is free for sure there is `listenEphemeral`.
 *
 * @param host An IP address, perhaps with a scope as in `fe80::1%eth0`, or a name, of which the first address is taken.
 * @param port 0–65535; 0 lets the kernel choose.
 * @returns The listener, nonblocking, the caller's.
 * @throws {SystemError} EADDRINUSE, EADDRNOTAVAIL, EACCES for a port below 1024, EINVAL for one above 65535.
 * @throws {Error} If the name is not known.
 *
 * @example
 * ```ts
 * import { internetNameOf, listenTcp, serveListener } from "ipcx";
 * import { createServer } from "node:http";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = await listenTcp("127.0.0.1", 0);
 * const { port } = internetNameOf(listener);
 * const server = createServer((_request, response) => void response.end("hello"));
 * await serveListener(server, listener);
 *
 * assertEquals(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "hello");
 * server.closeAllConnections();
 * await new Promise((resolve) => server.close(resolve));
 * ```
 */
export async function listenTcp(host: string, port: number): Promise<Fd> {
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  const at = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const text = new TextEncoder().encode(`${address}\0`);
  return new Fd(check(native.ipcx_listen_internet(text, port, BACKLOG), "listen", { address: at }));
}

/**
 * Takes over a socket that listens for TCP connections already, such as one that
 * came from another process: makes it nonblocking and free of Nagle's algorithm.
 *
 * @param fd The socket; it stays the caller's.
 * @returns The same, as {@linkcode listenTcp} makes it.
 * @throws {SystemError} EAFNOSUPPORT for a socket of another kind, EINVAL for one that does not listen.
 */
export function takeOverTcp(fd: Fd): Fd {
  const { address, port } = internetNameOf(fd);
  if (getNumber(fd.number, SO.ACCEPTCONN) === 0) {
    throw new SystemError("accept", ERRNO.EINVAL, { address: `${address}:${port} (does not listen)` });
  }
  check(native.ipcx_set_nonblocking(fd.number), "fcntl");
  check(native.ipcx_set_option(fd.number, IPPROTO_TCP, TCP_NODELAY, new Int32Array([1]), 4), "setsockopt");
  return fd;
}

/**
 * Tells where a socket is bound (getsockname(2)).
 *
 * @param fd The socket, which stays the caller's.
 * @returns Where.
 * @throws {SystemError} EAFNOSUPPORT for a socket of another kind, ENOTSOCK for what is none.
 */
export function internetNameOf(fd: Fd): InternetName {
  const host = new Uint8Array(MOST_HOST_BYTES);
  const port = check(native.ipcx_internet_name(fd.number, host, host.length), "getsockname");
  return { address: new TextDecoder().decode(host.subarray(0, host.indexOf(0))), port };
}
