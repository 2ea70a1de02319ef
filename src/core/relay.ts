/**
 * Two connections made one (splice(2)).
 *
 * @module
 */

import { isPeerGone } from "./errors.ts";
import { fdOf, type FdOwner } from "./fd.ts";
import { native } from "./native.ts";
import { passOnEnd, pump } from "./pump.ts";
import { SpliceError } from "./splice_error.ts";

const SHUT_RD = 0;

/** What was relayed. */
export interface Relayed {
  /** How many bytes the right one took of the left one's. */
  readonly toRight: number;
  /** How many bytes the left one took of the right one's. */
  readonly toLeft: number;
}

/** One direction; a connection that has broken down has ended like another. */
async function direct(from: FdOwner, to: FdOwner, signal: AbortSignal): Promise<number> {
  try {
    return await pump(from, to, { signal });
  } catch (error) {
    if (!(error instanceof SpliceError) || !isPeerGone(error)) throw error;
    if (error.side === "from") passOnEnd(fdOf(to));
    // Whoever sends still would wait for ever, since nobody reads that any more.
    else native.ipcx_shutdown(fdOf(from).number, SHUT_RD);
    return error.bytes;
  }
}

/**
 * Makes two connections one, as a proxy does: what comes from either is moved to
 * the other, without a copy through this process, until both directions have ended.
 *
 * Each direction ends by itself and is passed on as such (a half-close), so an
 * answer may follow the end of a question. A peer that has gone, or that takes no
 * more, is an end like another. At the end neither connection is closed.
 *
 * @param left A stream socket, which stays the caller's.
 * @param right Another one, which stays the caller's.
 * @param options A signal, which ends both directions with its reason.
 * @returns How many bytes went in each direction.
 * @throws {TypeError} For a packet or datagram socket.
 * @throws {SpliceError} If one of the two is no stream socket.
 * @throws {SystemError} EMFILE if there are no descriptors left for two pipes.
 * @throws {ClosedError} If either is closed meanwhile.
 *
 * @example A server behind another address
 * ```ts
 * import { relay, UnixListener, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using front = UnixListener.listen("@front-of-the-example");
 * using behind = UnixListener.listen("@behind-the-example");
 * using client = await UnixSocket.connect(front.address);
 * await client.send("question");
 * client.shutdown("write");
 *
 * using accepted = await front.accept();
 * using onward = await UnixSocket.connect(behind.address);
 * const relayed = relay(accepted, onward);
 *
 * const server = await behind.accept();
 * assertEquals((await server.receive())!.text, "question");
 * await server.send("answer");
 * server.close();
 *
 * assertEquals((await client.receive())!.text, "answer");
 * assertEquals(await relayed, { toRight: 8, toLeft: 6 });
 * ```
 */
export async function relay(
  left: FdOwner,
  right: FdOwner,
  options: { signal?: AbortSignal } = {},
): Promise<Relayed> {
  const { signal } = options;
  const failing = new AbortController();
  const both = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal;
  const directions = [direct(left, right, both), direct(right, left, both)];
  for (const direction of directions) direction.catch((reason) => failing.abort(reason));
  const settled = await Promise.allSettled(directions);
  const [toRight, toLeft] = settled.map((direction) => {
    if (direction.status === "rejected") throw direction.reason;
    return direction.value;
  });
  return { toRight, toLeft };
}
