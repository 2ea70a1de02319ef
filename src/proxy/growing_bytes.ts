/**
 * Bytes that come in pieces and are wanted as a whole.
 *
 * @module
 */

/** A whole that grows: it takes at most twice its own room, however small the pieces are. */
export class GrowingBytes {
  #room = new Uint8Array();
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** All of them so far; they do not change any more. */
  get whole(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#length);
  }

  /**
   * Adds a piece.
   *
   * @param piece The piece; not kept.
   */
  push(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#room.length) {
      const before = this.whole;
      // Mostly there is one piece only: it need not have any room behind it.
      this.#room = new Uint8Array(before.length === 0 ? length : Math.max(length, 2 * before.length));
      this.#room.set(before);
    }
    this.#room.set(piece, this.#length);
    this.#length = length;
  }
}
