/**
 * A beam as Web Streams.
 *
 * @module
 */

import { ClosedError } from "../core/errors.ts";
import { closeAll, type Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";
import type { WebStreams } from "../core/web_streams.ts";
import type { Beam } from "./beam.ts";
import { BeamError } from "./errors.ts";

/** A message that is to be sent; what was received can be sent on as it is. */
export interface OutgoingMessage {
  /** The payload; text is sent as UTF-8. */
  data: Uint8Array<ArrayBuffer> | string;
  /** The descriptors to go along; the stream's from the moment the message is written. */
  fds?: readonly Fd[];
}

/** Both directions of a beam as Web Streams of messages. */
export interface MessageStreams {
  /** What the peer sends; the descriptors of a message are the reader's. */
  readable: ReadableStream<Message>;
  /** What the peer is sent; closing it tells the peer that nothing more follows. */
  writable: WritableStream<OutgoingMessage | Uint8Array<ArrayBuffer> | string>;
}

/**
 * Makes Web Streams of messages out of a beam.
 *
 * Nothing is received before it is read, and nothing is written faster than it
 * is sent. What cannot be received ends reading with its error, though another
 * message might follow. Cancelling what is read discards what still comes;
 * aborting what is written closes the beam, and reading ends. Descriptors that
 * are written are closed once they are sent, or when they never will be; only a
 * stream that had failed or ended before leaves them with the caller.
 *
 * @param beam The beam; given away, and closed when both directions have ended.
 * @returns Both directions.
 *
 * @example Every message goes back to where it came from
 * ```ts
 * import { adoptMessageStreams, Beam } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [client, server] = Beam.pair({ framed: true });
 * const { readable, writable } = adoptMessageStreams(server);
 * const echoed = readable.pipeTo(writable);
 *
 * await client.send("hello", client.fd);
 * using message = (await client.receive())!;
 * assertEquals([message.text, message.fds.length], ["hello", 1]);
 * client.end();
 * await echoed;
 * client.close();
 * ```
 */
export function adoptMessageStreams(beam: Beam): MessageStreams {
  const ends = new Ends(beam);
  return {
    readable: readableOf(beam, ends, (message) => message),
    writable: writableOf(beam, ends, (chunk: OutgoingMessage | Uint8Array<ArrayBuffer> | string, signal) => {
      if (typeof chunk === "string" || chunk instanceof Uint8Array) return beam.send(chunk, [], { signal });
      return beam.send(chunk.data, chunk.fds, { signal });
    }),
  };
}

/**
 * Makes Web Streams of bytes out of a beam: the payloads of messages, whose
 * descriptors are closed.
 *
 * What is written goes as one message, or as several if it is larger than
 * `maxBytes`; without frames, nothing is sent for an empty chunk. Without frames
 * messages may be glued to more than is received at once, which is an error:
 * where there are no messages but only bytes, `adoptStreams(beam.release())` fits better.
 *
 * @param beam The beam; given away, and closed when both directions have ended.
 * @returns Both directions, which behave as those of {@linkcode adoptMessageStreams}.
 *
 * @example
 * ```ts
 * import { adoptByteStreams, Beam } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = Beam.pair({ framed: true });
 * const one = adoptByteStreams(left), other = adoptByteStreams(right);
 * const sent = new Blob(["x".repeat(100_000)]).stream().pipeTo(one.writable);
 * assertEquals((await new Response(other.readable).text()).length, 100_000);
 * await sent;
 * await other.writable.close();
 * await one.readable.cancel();
 * ```
 */
export function adoptByteStreams(beam: Beam): WebStreams {
  const ends = new Ends(beam);
  return { readable: readableOf(beam, ends, bytesOf), writable: writableOf(beam, ends, sendBytes.bind(null, beam)) };
}

/** Closes a beam when both directions have ended. */
class Ends {
  readonly #beam: Beam;
  readonly #open = new Set(["readable", "writable"]);

  constructor(beam: Beam) {
    this.#beam = beam;
  }

  end(direction: "readable" | "writable"): void {
    this.#open.delete(direction);
    if (this.#open.size === 0) this.#beam.close();
  }
}

function readableOf<Chunk>(beam: Beam, ends: Ends, chunkOf: (message: Message) => Chunk): ReadableStream<Chunk> {
  const cancelled = new AbortController();
  /** A message that is in the queue, since whoever asked for it has let go of the stream. */
  let left: Message | undefined;
  return new ReadableStream<Chunk>({
    async pull(controller) {
      // With nothing to be held ready, this is only called once the queue is empty.
      left = undefined;
      try {
        const message = await beam.receive({ signal: cancelled.signal });
        if (cancelled.signal.aborted) return message?.[Symbol.dispose]();
        if (message === null) {
          controller.close();
          return ends.end("readable");
        }
        controller.enqueue(chunkOf(message));
        if (controller.desiredSize! < 0) left = message;
      } catch (error) {
        if (cancelled.signal.aborted) return;
        if (error instanceof ClosedError) controller.close();
        else controller.error(error);
        void discard(beam);
        ends.end("readable");
      }
    },
    cancel() {
      cancelled.abort();
      left?.[Symbol.dispose]();
      void discard(beam);
      ends.end("readable");
    },
  }, { highWaterMark: 0 });
}

/** Left unread, the peer would wait for ever. */
async function discard(beam: Beam): Promise<void> {
  let goesOn = true;
  while (goesOn) {
    try {
      using message = await beam.receive();
      goesOn = message !== null;
    } catch (error) {
      goesOn = error instanceof BeamError && beam.isOpen;
    }
  }
}

function writableOf<Chunk>(
  beam: Beam,
  ends: Ends,
  send: (chunk: Chunk, signal: AbortSignal) => Promise<void>,
): WritableStream<Chunk> {
  const queued = new Set<Chunk>();
  let failed = false;
  const closeQueued = (): void => {
    failed = true;
    for (const chunk of queued) closeFds(chunk);
    queued.clear();
  };
  return new WritableStream<Chunk>({
    async write(chunk, controller) {
      try {
        await send(chunk, controller.signal);
      } catch (error) {
        closeQueued();
        ends.end("writable");
        throw error;
      } finally {
        queued.delete(chunk);
        closeFds(chunk);
      }
    },
    close() {
      try {
        beam.end();
      } finally {
        ends.end("writable");
      }
    },
    abort() {
      closeQueued();
      beam.close();
    },
  }, {
    highWaterMark: 1,
    // The only sign of what is written behind something that fails: it would never get to `write`.
    size(chunk) {
      if (failed) closeFds(chunk);
      else queued.add(chunk);
      return 1;
    },
  });
}

function closeFds(chunk: unknown): void {
  const { fds = [] } = chunk as { fds?: readonly Fd[] };
  closeAll(fds);
}

function bytesOf(message: Message): Uint8Array {
  message[Symbol.dispose]();
  const { data } = message;
  // Whoever transfers the buffer of one chunk must not take the others along.
  return data.length === data.buffer.byteLength ? data : data.slice();
}

async function sendBytes(beam: Beam, chunk: Uint8Array, signal: AbortSignal): Promise<void> {
  const { framed, maxBytes } = beam.settings;
  const bytes = chunk as Uint8Array<ArrayBuffer>;
  if (bytes.length === 0 && framed) await beam.send(bytes, [], { signal });
  for (let at = 0; at < bytes.length; at += maxBytes) {
    await beam.send(bytes.subarray(at, at + maxBytes), [], { signal });
  }
}
