/**
 * Messages that are sent in parts: more descriptors than go with one, payloads
 * that go through shared memory where there is room.
 *
 * @module
 */

import { SystemError } from "../../core/errors.ts";
import type { Fd } from "../../core/fd.ts";
import { MAX_FDS_PER_MESSAGE } from "../../core/linux.ts";
import type { Part } from "./frame.ts";
import type { BeamSettings } from "../options.ts";
import { type Place, RingWriter } from "./ring.ts";

/** A part of a message, with the bytes that follow it and the descriptors that go with it. */
export interface OutgoingPart {
  /** What it is, unless it is the end of a message whose payload is in one piece. */
  part?: Part;
  /** The bytes behind it. */
  data?: Uint8Array<ArrayBuffer>;
  /** The descriptors that go with it, as many as one message can carry. */
  fds?: readonly Fd[];
  /** Told if the kernel refuses it, which the message can do without. */
  onRefused?: () => void;
}

/** Takes messages apart; owner of the memory. */
export class OutgoingParts implements Disposable {
  readonly #settings: BeamSettings;
  readonly #inlineBytes: () => number;
  #ring: RingWriter | undefined;
  #isAnnounced = false;
  #avoidMemory = false;

  /**
   * Prepares; there is no memory until it is needed.
   *
   * @param settings How large the memory is.
   * @param inlineBytes Tells the most bytes that follow a part.
   */
  constructor(settings: BeamSettings, inlineBytes: () => number) {
    this.#settings = settings;
    this.#inlineBytes = inlineBytes;
  }

  /** Sends what follows through the socket, whose room is told of, until there is room in the memory. */
  avoidMemory(): void {
    this.#avoidMemory = true;
  }

  /**
   * The parts of a message.
   *
   * @param data The payload.
   * @param fds The descriptors.
   * @returns The parts; `"memory full"` as often as there is no room for the next one.
   */
  *of(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): Generator<OutgoingPart | "memory full", void> {
    const isLarge = data.length >= this.#settings.memoryThreshold;
    const lots = lotsOf(fds, MAX_FDS_PER_MESSAGE);
    const last = isLarge ? undefined : lots.pop();
    for (const lot of lots) yield { part: { kind: "descriptors" }, fds: lot };
    if (isLarge) yield* this.#payload(data);
    else yield { data, fds: last };
  }

  *#payload(data: Uint8Array<ArrayBuffer>): Generator<OutgoingPart | "memory full", void> {
    const total = data.length;
    let ring = this.#ring ??= makeRing(this.#settings.memoryBytes);
    if (ring && !this.#isAnnounced) {
      this.#isAnnounced = yield* announcement(ring, this.#settings.memoryBytes);
      if (!this.#isAnnounced) ring = undefined;
    }
    for (let at = 0; at < total;) {
      const piece = data.subarray(at, at + (ring?.mostBytes ?? total));
      const place = ring?.tryPut(piece);
      if (ring && place) {
        this.#avoidMemory = false;
        yield* sharedPart(ring, place, total);
        at += piece.length;
      } else if (ring === undefined || this.#avoidMemory) {
        const inline = piece.subarray(0, this.#inlineBytes());
        yield { part: { kind: "inline", length: inline.length, total }, data: inline };
        at += inline.length;
      } else {
        yield "memory full";
      }
    }
  }

  /** Gives the memory back, on this side. */
  [Symbol.dispose](): void {
    this.#ring?.[Symbol.dispose]();
    this.#ring = undefined;
  }
}

/** Without descriptors or memory to make one, all goes through the socket, and the next large payload tries again. */
function makeRing(size: number): RingWriter | undefined {
  try {
    return new RingWriter(size);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** Tells the receiver of the memory; returns whether that went well, which too many descriptors in flight can prevent. */
function* announcement(ring: RingWriter, size: number): Generator<OutgoingPart, boolean> {
  let isRefused = false;
  const onRefused = (): void => void (isRefused = true);
  yield { part: { kind: "memory", memory: ring.name, size }, fds: [ring.fd], onRefused };
  return !isRefused;
}

/** The generator goes on when the part was sent; if it is given up instead, the receiver will never hear of the place. */
function* sharedPart(ring: RingWriter, place: Place, total: number): Generator<OutgoingPart, void> {
  let isSent = false;
  try {
    yield { part: { kind: "shared", ...place, total } };
    isSent = true;
  } finally {
    if (!isSent) ring.takeBack(place);
  }
}

/** Divides descriptors into as many as one message can carry; no lot is empty. */
function lotsOf(fds: readonly Fd[], most: number): (readonly Fd[])[] {
  const lots = [];
  for (let at = 0; at < fds.length; at += most) lots.push(fds.slice(at, at + most));
  return lots;
}
