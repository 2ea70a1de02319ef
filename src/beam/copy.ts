/**
 * Messages that go on from one beam to another.
 *
 * @module
 */

import { isPeerGone, SystemError } from "../core/errors.ts";
import { ERRNO } from "../core/linux.ts";
import type { Message } from "../core/message.ts";
import type { Beam } from "./beam.ts";
import { BeamError } from "./errors.ts";
import type { BeamWaitOptions } from "./options.ts";

/** How to copy messages. */
export interface BeamCopyOptions extends BeamWaitOptions {
  /** Whether the end of the source is passed on, as {@linkcode Beam.end} does; by default true. */
  end?: boolean;
}

/** What was copied. */
export interface BeamCopyCounts {
  /** The messages. */
  messages: number;
  /** The bytes of their payloads. */
  bytes: number;
  /** The descriptors that went with them. */
  descriptors: number;
}

/** What was copied each way between two beams. */
export interface BeamJoinCounts {
  /** What came from the first and went to the second. */
  forth: BeamCopyCounts;
  /** What came from the second and went to the first. */
  back: BeamCopyCounts;
}

/**
 * Copies messages with their descriptors from one beam to another, until the
 * first one ends.
 *
 * The beams may speak differently. One message is in hand at a time, so a target
 * that takes nothing keeps its source waiting. A message that cannot be sent is
 * lost, with its descriptors closed; the ones before it have been sent.
 *
 * @param from Where the messages come from; stays the caller's.
 * @param to Where they go; stays the caller's.
 * @param options A signal that ends the copying, and whether the end is passed
 * on. If part of a message was sent when the signal came, nothing more can be sent to the target.
 * @returns What was copied.
 * @throws {RangeError} For a message that the target cannot carry without
 * frames: an empty one, or one with several descriptors.
 * @throws {BeamError} `"too-large"` for one above the target's `maxBytes`, or
 * with more descriptors than the source's `maxFds`; and as {@linkcode Beam.receive}.
 * @throws {SystemError} EPIPE as soon as the target's peer has gone; and as {@linkcode Beam.send}.
 * @throws {ClosedError} If one of the beams is closed meanwhile.
 *
 * @example From packets to frames
 * ```ts
 * import { Beam, copy } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [source, from] = Beam.pair({ type: "seqpacket" });
 * const [to, target] = Beam.pair({ framed: true });
 * await source.send("first");
 * await source.send("second");
 * source.close();
 *
 * assertEquals(await copy(from, to), { messages: 2, bytes: 11, descriptors: 0 });
 * for await (const message of target) assertEquals(message.fds.length, 0);
 * for (const beam of [from, to, target]) beam.close();
 * ```
 */
export async function copy(from: Beam, to: Beam, options: BeamCopyOptions = {}): Promise<BeamCopyCounts> {
  const counts = nothing();
  await forward(from, to, options, counts);
  return counts;
}

/**
 * Copies messages both ways between two beams, until both have ended.
 *
 * The end of one is passed on to the other as a half-close, so answers may still
 * come. A peer that has gone is an end like another: what it sent before is
 * passed on, what was meant for it is lost.
 *
 * @param one A beam; stays the caller's.
 * @param other The other one; stays the caller's.
 * @param options A signal that ends the copying.
 * @returns What was copied.
 * @throws {RangeError} As {@linkcode copy}.
 * @throws {BeamError} As {@linkcode copy}.
 * @throws {SystemError} As {@linkcode copy}, but for a peer that has gone.
 * @throws {ClosedError} If one of the beams is closed meanwhile.
 *
 * @example Somebody between a client and a server
 * ```ts
 * import { Beam, joinBeams } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [client, near] = Beam.pair();
 * const [far, server] = Beam.pair();
 * const joined = joinBeams(near, far);
 *
 * await client.send("a question");
 * assertEquals((await server.receive())!.text, "a question");
 * await server.send("the answer");
 * assertEquals((await client.receive())!.text, "the answer");
 *
 * client.close();
 * server.close();
 * assertEquals((await joined).forth.messages, 1);
 * near.close();
 * far.close();
 * ```
 */
export async function joinBeams(one: Beam, other: Beam, options: BeamWaitOptions = {}): Promise<BeamJoinCounts> {
  const counts = { forth: nothing(), back: nothing() };
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const direction = async (from: Beam, to: Beam, counts: BeamCopyCounts): Promise<void> => {
    try {
      await forward(from, to, { signal }, counts);
    } catch (error) {
      // The first failure ends the other direction; its own is only what follows from that.
      if (!isPeerGone(error)) failed.abort(error);
    }
  };
  await Promise.all([direction(one, other, counts.forth), direction(other, one, counts.back)]);
  failed.signal.throwIfAborted();
  return counts;
}

function nothing(): BeamCopyCounts {
  return { messages: 0, bytes: 0, descriptors: 0 };
}

async function forward(from: Beam, to: Beam, options: BeamCopyOptions, counts: BeamCopyCounts): Promise<void> {
  const { signal, end = true } = options;
  signal?.throwIfAborted();
  const over = new AbortController();
  // Without a message to send, nothing else would tell that the target has gone.
  to.hangup({ signal: over.signal }).then(
    () => over.abort(new SystemError("sendmsg", ERRNO.EPIPE)),
    (error) => over.abort(error),
  );
  const whileUseful = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  try {
    for (;;) {
      using message = await receiveNext(from, whileUseful);
      if (!message) break;
      await pass(message, from, to, signal, counts);
    }
    if (end) to.end();
  } finally {
    over.abort();
  }
}

/**
 * A peer that closed without reading all has reset the connection: all that it
 * sent has come by then, and the next call tells whether that was whole messages.
 */
async function receiveNext(from: Beam, signal: AbortSignal): Promise<Message | null> {
  try {
    return await from.receive({ signal });
  } catch (error) {
    if (!isPeerGone(error) || signal.aborted) throw error;
    return await from.receive({ signal });
  }
}

async function pass(
  message: Message,
  from: Beam,
  to: Beam,
  signal: AbortSignal | undefined,
  counts: BeamCopyCounts,
): Promise<void> {
  const { data, fds, controlTruncated } = message;
  const name = (): string => `message ${counts.messages + 1} of ${data.length} bytes and ${fds.length} descriptors`;
  if (controlTruncated) {
    throw new BeamError(
      "too-large",
      `${name()} had more of them: those above the source's maxFds, ${from.settings.maxFds}, were closed`,
    );
  }
  try {
    await to.send(data, fds, { signal });
  } catch (error) {
    throw named(error, name());
  }
  counts.messages++;
  counts.bytes += data.length;
  counts.descriptors += fds.length;
}

/** What a target cannot carry is told with the message that it could not carry. */
function named(error: unknown, name: string): unknown {
  if (error instanceof RangeError) return new RangeError(`${name}: ${error.message}`, { cause: error });
  if (error instanceof BeamError && error.code === "too-large") {
    return new BeamError(error.code, `${name}: ${error.message}`);
  }
  return error;
}
