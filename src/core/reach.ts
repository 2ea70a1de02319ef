/**
 * From an address to the bytes of `sun_path`, however long its path is.
 *
 * @module
 */

import { AddressError, type UnixAddress } from "./address.ts";
import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { MAX_PATH_BYTES, OPEN } from "./linux.ts";
import { native } from "./native.ts";

const NAME_MAX = 255;
const encoder = new TextEncoder();

/** A name to pass to bind(2) or connect(2); what it stands on is held open until disposed of. */
export interface ReachableName extends Disposable {
  /** The bytes of `sun_path`, without a path's final NUL. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Opens a file or directory as a mere place (O_PATH), or for what is in it.
 *
 * @param path The path.
 * @param flags What to insist on, of {@linkcode OPEN}.
 * @returns The descriptor, owned by the caller.
 * @throws {SystemError} As open(2).
 */
export function openPath(path: string, flags = 0): Fd {
  return new Fd(check(native.ipcx_open_path(encoder.encode(`${path}\0`), flags), "open", { address: path }));
}

function through(held: Fd, rest: string): ReachableName {
  return { bytes: encoder.encode(`/proc/self/fd/${held.number}${rest}`), [Symbol.dispose]: () => held.close() };
}

/**
 * Names the directory of a path.
 *
 * @param path The path.
 * @returns The part before its last slash; `"."` if it has none.
 */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash > 0 ? path.slice(0, slash) : slash === 0 ? "/" : ".";
}

/**
 * Finds the bytes to hand to the kernel for an address.
 *
 * A path of more than 107 bytes goes through a descriptor: for `connect` that of
 * the socket file itself, for `bind` that of its directory, so that only the
 * last component has to fit.
 *
 * @param address A path, an abstract name, or the unnamed address.
 * @param purpose What the name is for.
 * @returns The name; dispose of it after the call.
 * @throws {AddressError} If the address is a descriptor, or a last component
 * cannot be made to fit.
 * @throws {SystemError} If the directory or the file cannot be opened.
 */
export function reach(address: UnixAddress, purpose: "bind" | "connect"): ReachableName {
  switch (address.kind) {
    case "fd":
      throw new AddressError(`${address} is open already and has no name to ${purpose}`);
    case "unnamed":
      return { bytes: address.bytes, [Symbol.dispose]() {} };
    case "abstract": {
      const bytes = new Uint8Array(address.bytes.length + 1);
      bytes.set(address.bytes, 1);
      return { bytes, [Symbol.dispose]() {} };
    }
  }
  if (address.bytes.length <= MAX_PATH_BYTES) return { bytes: address.bytes, [Symbol.dispose]() {} };
  const path = address.filename;
  if (purpose === "connect") return through(openPath(path), "");
  const name = path.slice(path.lastIndexOf("/") + 1);
  const held = openPath(directoryOf(path), OPEN.DIRECTORY);
  const reachable = through(held, `/${name}`);
  if (reachable.bytes.length > MAX_PATH_BYTES) {
    held.close();
    const most = Math.min(NAME_MAX, MAX_PATH_BYTES - (reachable.bytes.length - encoder.encode(name).length));
    throw new AddressError(
      `the last component of '${path}' has ${encoder.encode(name).length} bytes; ${most} is the most to bind to`,
    );
  }
  return reachable;
}
