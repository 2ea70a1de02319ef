/**
 * Sockets that a test has made, and how the host lists them.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { SocketEntry } from "../../src/sockets/entry.ts";
import { listSockets, type ListSocketsOptions } from "../../src/sockets/list_sockets.ts";

/** The inode of a socket of this process. */
export function inodeOf(socket: Endpoint): number {
  return Deno.statSync(`/proc/self/fd/${socket.fd.number}`).ino!;
}

/**
 * Lists certain sockets.
 *
 * @param sockets The sockets, all of which have to be listed.
 * @param options How to list.
 * @returns Their entries, in the same order.
 */
export function entriesOf(sockets: readonly Endpoint[], options: ListSocketsOptions = {}): SocketEntry[] {
  const listed = new Map(listSockets(options).map((entry) => [entry.inode, entry]));
  return sockets.map((socket) => {
    const entry = listed.get(inodeOf(socket));
    assert(entry, `the socket ${inodeOf(socket)} is not listed`);
    return entry;
  });
}

/** The entry of one socket. */
export function entryOf(socket: Endpoint, options: ListSocketsOptions = {}): SocketEntry {
  return entriesOf([socket], options)[0];
}
