/**
 * A ring of shared memory, from one sender to one receiver.
 *
 * A payload is copied in by the one and out by the other, which is what a socket
 * does, too, but without the pieces, the wake-ups and the allocations between.
 * Pages are used again and again: a file for each payload would have to be given
 * new ones each time, which takes longer than to copy it.
 *
 * Places are counted by bytes since the beginning, modulo 2³². The receiver
 * writes into the first bytes how far it has come; the sender never has more
 * than the ring's size beyond that, so what a slow receiver has not taken yet is
 * bounded.
 *
 * @module
 */

import type { Fd } from "../../core/fd.ts";
import { SharedMemory } from "../../core/shared_memory.ts";
import { BeamError } from "../errors.ts";
import { MEMORY_NAMES } from "./frame.ts";

/** A page for the receiver's counter, so that the payloads lie on page boundaries. */
const HEAD_BYTES = 4096;

/** What is received from others is no larger than this, or than what one would make oneself. */
const MOST_FOREIGN_BYTES = 64 * 1024 * 1024;

/** A place in the ring that holds a piece of a payload. */
export interface Place {
  /** The ring's name. */
  memory: number;
  /** Where it begins, in bytes from the beginning of the payloads. */
  offset: number;
  /** Its bytes. */
  length: number;
  /** What the receiver counts to once it has taken it. */
  end: number;
}

/** The bytes between two counts. */
function between(earlier: number, later: number): number {
  return (later - earlier) >>> 0;
}

/** The sender's side. */
export class RingWriter implements Disposable {
  /** A name drawn by lot, so that it is not taken for that of somebody else who sends on the same socket. */
  readonly name: number = Math.floor(Math.random() * MEMORY_NAMES);
  readonly #memory: SharedMemory;
  readonly #taken: Int32Array;
  readonly #payloads: Uint8Array;
  readonly #size: number;
  #given = 0;
  #before = 0;

  /**
   * Makes a ring.
   *
   * @param size Its bytes, a power of two.
   * @throws {SystemError} EMFILE, ENOMEM.
   */
  constructor(size: number) {
    this.#memory = SharedMemory.create(HEAD_BYTES + size);
    const { bytes } = this.#memory;
    this.#taken = new Int32Array(bytes.buffer, 0, 1);
    this.#payloads = bytes.subarray(HEAD_BYTES);
    this.#size = size;
  }

  /** The memory to send to the receiver, once; stays the ring's own. */
  get fd(): Fd {
    return this.#memory.fd;
  }

  /** The most bytes of a piece: so that the next one can be copied in while one is copied out. */
  get mostBytes(): number {
    return this.#size / 4;
  }

  /**
   * Copies a piece in, if there is room.
   *
   * @param piece The bytes, at most {@linkcode mostBytes}.
   * @returns Where it is, or `undefined` if there is no room now.
   * @throws {BeamError} If the receiver's counter makes no sense.
   */
  tryPut(piece: Uint8Array): Place | undefined {
    const waiting = between(Atomics.load(this.#taken, 0), this.#given);
    if (waiting > this.#size) throw new BeamError("protocol", "the receiver has taken more than it was given");
    const start = this.#given & (this.#size - 1);
    // A piece lies in one stretch: what is left at the end may have to be skipped.
    const skipped = start + piece.length > this.#size ? this.#size - start : 0;
    if (waiting + skipped + piece.length > this.#size) return undefined;
    const offset = skipped > 0 ? 0 : start;
    this.#payloads.set(piece, offset);
    this.#before = this.#given;
    this.#given = (this.#given + skipped + piece.length) >>> 0;
    return { memory: this.name, offset, length: piece.length, end: this.#given };
  }

  /** Takes back the last piece, of which the receiver has not been told. */
  takeBack(place: Place): void {
    if (place.end === this.#given) this.#given = this.#before;
  }

  /** Gives the memory back, on this side. */
  [Symbol.dispose](): void {
    this.#memory.close();
  }
}

/** The receiver's side. */
export class RingReader implements Disposable {
  readonly #name: number;
  readonly #memory: SharedMemory;
  readonly #taken: Int32Array;
  readonly #payloads: Uint8Array;

  /**
   * Takes over the memory that the sender made.
   *
   * @param fd The descriptor; the ring's from now on.
   * @param name Its name.
   * @param ownSize The size that one's own rings have.
   * @throws {SystemError} EPERM if its size is not sealed.
   * @throws {RangeError} If it is too large, or has no room for anything.
   */
  constructor(fd: Fd, name: number, ownSize: number) {
    this.#name = name;
    this.#memory = SharedMemory.adopt(fd, HEAD_BYTES + Math.max(ownSize, MOST_FOREIGN_BYTES));
    const { bytes } = this.#memory;
    // What is mapped stays so; beams that are many would be short of descriptors first.
    fd.close();
    if (bytes.length <= HEAD_BYTES) {
      this.#memory.close();
      throw new RangeError(`${bytes.length} bytes of memory have no room for payloads`);
    }
    this.#taken = new Int32Array(bytes.buffer, 0, 1);
    this.#payloads = bytes.subarray(HEAD_BYTES);
  }

  /**
   * Copies a piece out, and lets the sender use its place again.
   *
   * @param place Where the sender says it is.
   * @param target Where to; as long as the piece.
   * @throws {BeamError} If the place is not within the ring, or in another one.
   */
  take(place: Place, target: Uint8Array): void {
    if (place.offset + place.length > this.#payloads.length) {
      throw new BeamError("protocol", `a payload beyond the shared memory: ${place.length} bytes at ${place.offset}`);
    }
    this.#checkName(place);
    target.set(this.#payloads.subarray(place.offset, place.offset + place.length));
    this.pass(place);
  }

  #checkName(place: Place): void {
    if (place.memory === this.#name) return;
    throw new BeamError(
      "protocol",
      "a payload in the shared memory of another sender: who sends on one socket with others must not share memory",
    );
  }

  /** Lets the sender use a place again that nobody wants to read. */
  pass(place: Place): void {
    this.#checkName(place);
    Atomics.store(this.#taken, 0, place.end);
  }

  /** Gives the memory back, on this side. */
  [Symbol.dispose](): void {
    this.#memory.close();
  }
}
