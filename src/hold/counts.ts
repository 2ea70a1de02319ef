/**
 * What a holder counts.
 *
 * @module
 */

/** The counters of one holder. */
export class HolderCounts {
  /** Descriptors stored by clients. */
  stored = 0;
  /** Copies given to clients. */
  retrieved = 0;
  /** Descriptors dropped or taken by clients. */
  dropped = 0;
  /** Descriptors let go since their time was up. */
  expired = 0;
  /** What was refused, by reason. */
  readonly refused: Record<string, number> = {};

  /**
   * Counts what was refused.
   *
   * @param reason Why.
   */
  refuse(reason: string): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }
}
