/**
 * Who is at the other end of a connection, as the kernel said when it was accepted.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";

const pids = new WeakMap<object, number>();

/**
 * Remembers who has connected.
 *
 * @param socket The connection.
 * @param pid The peer's process id; 0 if the kernel cannot tell.
 */
export function notePeer(socket: object, pid: number): void {
  if (pid !== 0) pids.set(socket, pid);
}

/**
 * Tells who sends a request.
 *
 * @param request The request.
 * @returns The peer's process id; 0 if the kernel cannot tell.
 */
export function peerOf({ socket }: IncomingMessage): number {
  return pids.get(socket) ?? 0;
}
