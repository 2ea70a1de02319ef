/**
 * Ending what waits, for less than an AbortController costs.
 *
 * @module
 */

/** What ends a wait: an AbortSignal, or a {@linkcode Stop}. */
export interface StopSignal {
  /** Whether it has happened. */
  readonly aborted: boolean;
  /** What the wait is rejected with. */
  // deno-lint-ignore no-explicit-any
  readonly reason: any;
  /** Throws the reason if it has happened. */
  throwIfAborted(): void;
  /** Has a listener called when it happens. */
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  /** Takes that back. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * Ends waits, of which there may be very many one after the other: to listen to
 * it costs next to nothing.
 */
export class Stop implements StopSignal {
  readonly #listeners = new Set<() => void>();
  #aborted = false;
  #reason: unknown;

  /** Whether it has happened. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** What waits are rejected with. */
  get reason(): unknown {
    return this.#reason;
  }

  /**
   * Ends the waits; the first reason counts.
   *
   * @param reason What they are rejected with.
   */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Throws the reason if it has happened. */
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  /** Has a listener called when it happens. */
  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes that back. */
  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
