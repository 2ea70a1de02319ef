/**
 * Listening at a port that nobody has chosen: listen(2) without bind(2).
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { BACKLOG, type InternetName, internetNameOf } from "./internet.ts";
import { native } from "./native.ts";

const ANY_PORT = "at any port of net.ipv4.ip_local_port_range";

/** How to listen at a port that the kernel chooses. */
export interface EphemeralOptions {
  /** Takes connections of IPv6, and of IPv4 as well; by default of IPv4 only. */
  ipv6?: boolean;
  /** Lets every host connect that reaches this one, instead of only this one. */
  everywhere?: boolean;
  /** How many connections may wait to be accepted, by default 4096; the kernel caps it at net.core.somaxconn. */
  backlog?: number;
}

/** A TCP listener and where it is reached. */
export interface EphemeralListener extends InternetName, Disposable {
  /** The listener, nonblocking; the caller's, closed at the end of a `using` block unless it was given away. */
  readonly fd: Fd;
  /**
   * Where this host reaches it: `"127.0.0.1"`, with `ipv6` `"::1"`. Everywhere: `"0.0.0.0"` or `"::"`, which stand for
   * every address of this host.
   */
  readonly address: string;
  /** The port, out of net.ipv4.ip_local_port_range. */
  readonly port: number;
}

/**
 * Starts to listen for TCP connections at a port that the kernel chooses, so
 * that nothing can be taken already; clients learn of it from `announce`.
 *
 * A socket that listens without having been bound listens at every address of
 * the host (tcp(7)). Here it is bound to the loopback interface first
 * (SO_BINDTOIFINDEX, socket(7)), which takes no privilege: it is reached as
 * 127.0.0.1, and with `ipv6` as ::1, by processes of this host and network
 * namespace only. A socket that is bound to the address 127.0.0.1 instead is
 * open to the neighbours wherever net.ipv4.conf.*.route_localnet is on, as
 * kube-proxy sets it.
 *
 * @param options IPv6, everywhere, backlog.
 * @returns The listener, owned by the caller, with its address and port.
 * @throws {SystemError} EADDRINUSE if all ports of the range are taken, EAFNOSUPPORT
 * without IPv6, EMFILE or ENFILE at a limit of descriptors.
 *
 * @example A server of `node:http`
 * ```ts
 * import { listenEphemeral, serveListener } from "ipcx";
 * import { createServer } from "node:http";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listenEphemeral();
 * const server = createServer((_request, response) => void response.end("hello"));
 * await serveListener(server, listener.fd);
 *
 * const response = await fetch(`http://${listener.address}:${listener.port}/`);
 * assertEquals(await response.text(), "hello");
 * server.closeAllConnections();
 * await new Promise((resolve) => server.close(resolve));
 * ```
 */
export function listenEphemeral(options: EphemeralOptions = {}): EphemeralListener {
  const { ipv6 = false, everywhere = false, backlog = BACKLOG } = options;
  const result = native.ipcx_listen_ephemeral(Number(ipv6), Number(everywhere), backlog);
  const fd = new Fd(check(result, "listen", { address: ANY_PORT }));
  try {
    const bound = internetNameOf(fd);
    const address = everywhere ? bound.address : ipv6 ? "::1" : "127.0.0.1";
    return { fd, address, port: bound.port, [Symbol.dispose]: () => fd.close() };
  } catch (error) {
    fd.close();
    throw error;
  }
}
