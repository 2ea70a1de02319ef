/**
 * Where a broker is, unless somebody says otherwise.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { addressIn, addressOf, BROKER_PLACE, CONTROL_VARIABLE, controlAddressOf } from "../core/default_place.ts";

/** Where the one-socket daemon is by default. */
const ONE_SOCKET = "/var/run/one.socket";
const ONE_SOCKET_CONTROL = "/var/run/one-socket.ctl";

/**
 * Finds the broker's socket: `ONE_SOCKET_PATH`, else /run/one.socket for root
 * and `$XDG_RUNTIME_DIR/one.socket` for others.
 *
 * @returns The address as text.
 * @throws {Error} If there is no XDG_RUNTIME_DIR to put it in.
 */
export function defaultBrokerAddress(): string {
  return addressOf(BROKER_PLACE);
}

/**
 * Finds the control socket of a broker: `ONE_SOCKET_CTL_PATH`, else beside its
 * own socket, with `.ctl` behind the name.
 *
 * @param socket The broker's socket.
 * @returns The address as text.
 */
export function defaultControlAddress(socket: string): string {
  return controlAddressOf(`${UnixAddress.parse(socket)}`);
}

/**
 * Finds the socket of a broker that is to be where the one-socket daemon would be:
 * `ONE_SOCKET_PATH`, else /var/run/one.socket.
 *
 * @returns The address as text.
 */
export function oneSocketAddress(): string {
  return addressIn(BROKER_PLACE.variable) ?? ONE_SOCKET;
}

/**
 * Finds the control socket of such a broker: `ONE_SOCKET_CTL_PATH`, else
 * /var/run/one-socket.ctl. Brokers at other places do without that one, which
 * only one of them could have: theirs is beside their own socket.
 *
 * @param socket The broker's socket.
 * @returns The address as text.
 */
export function oneSocketControlAddress(socket: string): string {
  return socket === ONE_SOCKET ? addressIn(CONTROL_VARIABLE) ?? ONE_SOCKET_CONTROL : defaultControlAddress(socket);
}
