/**
 * Counting what each user has.
 *
 * @module
 */

/** Counts by user, and all together. */
export class PerUser {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** How many there are of all users. */
  get total(): number {
    return this.#total;
  }

  /**
   * Tells how many a user has.
   *
   * @param uid The user.
   * @returns How many.
   */
  of(uid: number): number {
    return this.#counts.get(uid) ?? 0;
  }

  /**
   * Counts one more.
   *
   * @param uid Whose.
   */
  add(uid: number): void {
    this.#counts.set(uid, this.of(uid) + 1);
    this.#total++;
  }

  /**
   * Counts one less.
   *
   * @param uid Whose; one that was counted.
   */
  remove(uid: number): void {
    const left = this.of(uid) - 1;
    if (left === 0) this.#counts.delete(uid);
    else this.#counts.set(uid, left);
    this.#total--;
  }
}
