/**
 * Seals of memory by their names (F_ADD_SEALS of fcntl(2)).
 *
 * @module
 */

/**
 * What can be taken away for ever: sealing further, making it smaller or larger,
 * writing, writing by those who map it later, running it.
 */
export type Seal = "seal" | "shrink" | "grow" | "write" | "future-write" | "exec";

/** Each has the bit of its place. */
const SEALS: readonly Seal[] = ["seal", "shrink", "grow", "write", "future-write", "exec"];

/**
 * Names the seals of a mask.
 *
 * @param mask What F_GET_SEALS says.
 * @returns Their names, without those that have none yet.
 */
export function sealsOf(mask: number): Seal[] {
  return SEALS.filter((_seal, bit) => (mask & 1 << bit) !== 0);
}

/**
 * Makes the mask of seals.
 *
 * @param seals Their names.
 * @returns What F_ADD_SEALS takes.
 * @throws {RangeError} For a name that none has.
 */
export function maskOf(seals: readonly Seal[]): number {
  let mask = 0;
  for (const seal of seals) {
    const bit = SEALS.indexOf(seal);
    if (bit < 0) throw new RangeError(`there is no seal called ${seal}: ${SEALS.join(", ")}`);
    mask |= 1 << bit;
  }
  return mask;
}
