/**
 * Two connections made one (splice(2)).
 *
 * @module
 */

import { isPeerGone } from "./errors.ts";
import { fdOf, type FdOwner } from "./fd.ts";
import { OPEN } from "./linux.ts";
import { native } from "./native.ts";
import { passOnEnd, pump } from "./pump.ts";
import { openPath } from "./reach.ts";
import { SpliceError } from "./splice_error.ts";
import { trafficOf } from "./traffic.ts";

const SHUT_RD = 0;

/** What was relayed. */
export interface Relayed {
  /** How many bytes the right one took of the left one's. */
  readonly toRight: number;
  /** How many bytes the left one took of the right one's. */
  readonly toLeft: number;
}

/** One direction, and what to end with it. */
interface Direction {
  readonly from: FdOwner;
  readonly to: FdOwner;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Tells that both directions have ended. */
  readonly over: AbortSignal;
  /** What goes on until then. */
  readonly meanwhile: Promise<void>[];
}

/** Takes what nobody wants any more: whoever sends it would wait for ever otherwise. */
async function discard({ from, over }: Direction): Promise<void> {
  const fd = fdOf(from);
  // The sender is told so; one that waits for room is not woken by that, but by what is taken.
  if (trafficOf(fd).flowing(fd.number) === "unix") native.ipcx_shutdown(fd.number, SHUT_RD);
  using nowhere = openPath("/dev/null", OPEN.WRITE);
  await pump(fd, nowhere, { signal: over });
}

/** Moves all of it; a connection that has broken down has ended like another. */
async function direct(direction: Direction): Promise<number> {
  const { from, to, signal } = direction;
  try {
    return await pump(from, to, { signal });
  } catch (error) {
    if (!(error instanceof SpliceError) || !isPeerGone(error)) throw error;
    if (error.side === "from") passOnEnd(fdOf(to));
    else direction.meanwhile.push(discard(direction));
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
  const ended = new AbortController();
  const both = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal;
  const shared = { signal: both, over: ended.signal, meanwhile: [] };
  const forth = direct({ from: left, to: right, ...shared });
  const back = direct({ from: right, to: left, ...shared });
  for (const direction of [forth, back]) direction.catch((reason) => failing.abort(reason));
  await Promise.allSettled([forth, back]);
  ended.abort();
  // It ends with that at the latest, or has failed, which is as good.
  await Promise.allSettled(shared.meanwhile);
  return { toRight: await forth, toLeft: await back };
}
