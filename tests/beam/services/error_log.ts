/**
 * What an endpoint complains of.
 *
 * @module
 */

/** Collects errors, and lets a test wait for them. */
export class ErrorLog {
  /** Each error with its name. */
  readonly entries: { error: unknown; name?: string }[] = [];
  #tell = (): void => {};

  /** Give this as the option `onError`. */
  readonly onError = (error: unknown, name?: string): void => {
    this.entries.push({ error, name });
    this.#tell();
  };

  /** Waits until there are so many. */
  async has(count: number): Promise<void> {
    while (this.entries.length < count) await new Promise<void>((resolve) => this.#tell = resolve);
  }

  /** The messages. */
  get messages(): string[] {
    return this.entries.map(({ error }) => (error as Error).message);
  }
}
