/**
 * Both ends of a connection, for a test.
 *
 * @module
 */

import type { Fd } from "../../src/core/fd.ts";
import type { SocketType } from "../../src/core/options.ts";
import { openPipe } from "../../src/core/pipe.ts";
import { UnixSocket } from "../../src/core/socket.ts";

/** Every type of socket. */
export const TYPES = ["stream", "seqpacket", "dgram"] as const;

/** The same descriptor many times, to be sent. */
export function copies(socket: UnixSocket, count: number): Fd[] {
  return Array.from({ length: count }, () => socket.fd);
}

/** Gives a test both ends of a pair and closes them after it. */
export async function withPair(
  type: SocketType,
  test: (left: UnixSocket, right: UnixSocket) => void | Promise<void>,
): Promise<void> {
  const [left, right] = UnixSocket.pair(type);
  try {
    await test(left, right);
  } finally {
    left.close();
    right.close();
  }
}

/** A pipe of one's own, closed at the end of its block. */
export class OwnPipe implements Disposable {
  readonly reader: Fd;
  readonly writer: Fd;

  /** Makes it. */
  constructor() {
    ({ reader: this.reader, writer: this.writer } = openPipe());
  }

  /** Closes both ends. */
  [Symbol.dispose](): void {
    this.reader.close();
    this.writer.close();
  }
}
