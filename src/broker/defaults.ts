/**
 * Where a broker is, unless somebody says otherwise.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";

/**
 * Finds the broker's socket: `ONE_SOCKET_PATH`, else /run/one.socket for root
 * and `$XDG_RUNTIME_DIR/one.socket` for others.
 *
 * @returns The address as text.
 * @throws {Error} If there is no XDG_RUNTIME_DIR to put it in.
 */
export function defaultBrokerAddress(): string {
  const path = Deno.env.get("ONE_SOCKET_PATH");
  if (path) return path.startsWith("@") || path.includes("/") ? path : `./${path}`;
  if (Deno.uid() === 0) return "/run/one.socket";
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  if (!runtime) throw new Error("XDG_RUNTIME_DIR is not set: say --socket ADDR, or set ONE_SOCKET_PATH");
  return `${runtime}/one.socket`;
}

/**
 * Finds the control socket of a broker: `ONE_SOCKET_CTL_PATH`, else beside its
 * own socket, with `.ctl` behind the name.
 *
 * @param socket The broker's socket.
 * @returns The address as text.
 */
export function defaultControlAddress(socket: string): string {
  const path = Deno.env.get("ONE_SOCKET_CTL_PATH");
  if (path) return path.startsWith("@") || path.includes("/") ? path : `./${path}`;
  return `${UnixAddress.parse(socket)}.ctl`;
}
