/**
 * Where a holder is, unless somebody says otherwise.
 *
 * @module
 */

/**
 * Finds the holder's socket: `IPCX_HOLD_SOCKET`, else /run/ipcx-hold.socket for
 * root and `$XDG_RUNTIME_DIR/ipcx-hold.socket` for others.
 *
 * @returns The address as text.
 * @throws {Error} If there is no XDG_RUNTIME_DIR to put it in.
 */
export function defaultHolderAddress(): string {
  const path = Deno.env.get("IPCX_HOLD_SOCKET");
  if (path) return path.startsWith("@") || path.includes("/") ? path : `./${path}`;
  if (Deno.uid() === 0) return "/run/ipcx-hold.socket";
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  if (!runtime) throw new Error("XDG_RUNTIME_DIR is not set: say --socket ADDR, or set IPCX_HOLD_SOCKET");
  return `${runtime}/ipcx-hold.socket`;
}
