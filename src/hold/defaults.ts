/**
 * Where a holder is, unless somebody says otherwise.
 *
 * @module
 */

import { addressOf, HOLDER_PLACE } from "../core/default_place.ts";

/**
 * Finds the holder's socket: `IPCX_HOLD_SOCKET`, else /run/ipcx-hold.socket for
 * root and `$XDG_RUNTIME_DIR/ipcx-hold.socket` for others.
 *
 * @returns The address as text.
 * @throws {Error} If there is no XDG_RUNTIME_DIR to put it in.
 */
export function defaultHolderAddress(): string {
  return addressOf(HOLDER_PLACE);
}
