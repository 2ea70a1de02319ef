/**
 * Bytes that are in several places, as the kernel takes them (readv(2)).
 *
 * @module
 */

/** The numbers of one part: `struct iovec` has an address and a length. */
const PART_SLOTS = 2;

/** The most parts of one message (UIO_MAXIOV). */
export const MAX_PARTS = 1024;

/**
 * Finds where in memory parts are, for readv(2) and its kin. They must stay
 * referenced until the call has returned.
 *
 * @param parts The parts, in their order.
 * @param skipped How many of their bytes to leave out, from the first on.
 * @returns A table as of `struct iovec`, and how many of its entries count.
 */
export function partsFrom(
  parts: readonly Uint8Array<ArrayBuffer>[],
  skipped = 0,
): { table: BigUint64Array; count: number } {
  const table = new BigUint64Array(PART_SLOTS * parts.length);
  let count = 0;
  let skip = skipped;
  for (const part of parts) {
    if (skip < part.length || part.length === 0 && skipped === 0) {
      table[PART_SLOTS * count] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(part)) + BigInt(skip);
      table[PART_SLOTS * count + 1] = BigInt(part.length - skip);
      count++;
    }
    skip = Math.max(skip - part.length, 0);
  }
  return { table, count };
}

/**
 * Takes some bytes of all parts.
 *
 * @param parts The parts, in their order.
 * @param skipped How many of their bytes to leave out, from the first on.
 * @param most How many of those behind to take at most.
 * @returns Views of them.
 */
export function someOf(
  parts: readonly Uint8Array<ArrayBuffer>[],
  skipped: number,
  most: number,
): Uint8Array<ArrayBuffer>[] {
  const some: Uint8Array<ArrayBuffer>[] = [];
  let skip = skipped;
  let left = most;
  for (const part of parts) {
    const piece = part.subarray(skip, skip + left);
    if (piece.length > 0) some.push(piece);
    skip = Math.max(skip - part.length, 0);
    left -= piece.length;
    if (left === 0) break;
  }
  return some;
}

/**
 * Adds up the lengths of parts.
 *
 * @param parts The parts.
 * @returns Their bytes, all in all.
 */
export function lengthOf(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) sum += part.length;
  return sum;
}
