/**
 * Messages for a broker that are wrong in every way, or right.
 *
 * @module
 */

import type { PairMode } from "ipcx";
import { requestBytes } from "./raw_client.ts";

/** One message, and what it is to lead to. */
export interface FuzzedMessage {
  /** The pieces it is sent in. */
  pieces: Uint8Array<ArrayBuffer>[];
  /** How many descriptors go with the last piece. */
  fds: number;
  /** Whether the broker has to close the connection; otherwise it waits for more, or for a peer. */
  isWrong: boolean;
}

const MODES: readonly PairMode[] = ["none", "client", "server"];
const HEADER_BYTES = 16;
const MOST_FDS = 5;

/** A source of messages that gives the same ones for the same seed. */
export class FuzzedMessages {
  #state: number;

  /** Begins at a seed. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number below a bound (Mulberry32). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  #bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  #valid(): Uint8Array<ArrayBuffer> {
    const key = this.#bytes(8 + this.below(this.below(20) === 0 ? 1017 : 24));
    return requestBytes(key, MODES[this.below(3)], 1040 + this.below(5));
  }

  /** Mostly in the header, where it matters. */
  #mutated(): Uint8Array<ArrayBuffer> {
    const bytes = this.#valid();
    for (let left = 1 + this.below(3); left > 0; left--) {
      const at = this.below(this.below(4) === 0 ? bytes.length : HEADER_BYTES);
      bytes[at] = this.below(2) === 0 ? bytes[at] ^ (1 << this.below(8)) : this.below(256);
    }
    return bytes;
  }

  #message(): Uint8Array<ArrayBuffer> {
    switch (this.below(8)) {
      case 0:
        return this.#bytes(1 + this.below(64));
      case 1:
        return this.#bytes(1030 + this.below(30));
      case 2:
        return this.#valid().subarray(0, 1 + this.below(1039));
      case 3: {
        const [one, other] = [this.#valid(), this.#valid()];
        const both = new Uint8Array(one.length + other.length);
        both.set(one);
        both.set(other, one.length);
        return both.subarray(0, one.length + 1 + this.below(other.length));
      }
      case 4:
        return this.#valid();
      default:
        return this.#mutated();
    }
  }

  #cut(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (let left = this.below(3) === 0 ? 1 + this.below(4) : 0; left > 0 && bytes.length > 1; left--) {
      const at = 1 + this.below(Math.min(bytes.length - 1, this.below(2) === 0 ? 20 : 2000));
      pieces.push(bytes.subarray(0, at));
      bytes = bytes.subarray(at);
    }
    return [...pieces, bytes];
  }

  /** Makes the next message. */
  next(): FuzzedMessage {
    const bytes = this.#message();
    const fds = this.below(10) === 0 ? 1 + this.below(MOST_FDS) : 0;
    return { pieces: this.#cut(bytes), fds, isWrong: fds > 0 || bytes.length > 1044 || isMalformed(bytes) };
  }
}

/** The protocol's rules once more, so that the broker's own reading of them is not what decides. */
function isMalformed(bytes: Uint8Array<ArrayBuffer>): boolean {
  if (bytes.length < 1040) return false;
  const words = new Uint32Array(bytes.slice(0, 12).buffer);
  const [mode, length] = new Uint16Array(bytes.slice(12, 16).buffer);
  return words[0] !== 1 || words[1] !== 1 || words[2] !== 1028 || mode > 2 || length < 1 || length > 1024;
}
