/**
 * Where a broker is, unless somebody says otherwise.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { addressOf, BROKER_PLACE, controlAddressOf } from "../core/default_place.ts";

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
