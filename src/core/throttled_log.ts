/**
 * Complaints about clients, without letting clients fill the disk.
 *
 * @module
 */

import { getLogger, type Logger, LogLevels } from "@std/log";

/** How many lines of one kind may come at once. */
const BURST = 20;

/** How long it takes for one more to be allowed, in milliseconds. */
const REFILL_MS = 10_000;

/** What a line says beside its text. */
export type LogFields = Readonly<Record<string, unknown>>;

interface Kind {
  credit: number;
  /** When the credit was reckoned, in milliseconds. */
  at: number;
  suppressed: number;
}

/** A log whose warnings are limited by kind; what was left out is counted in the next line of that kind. */
export class ThrottledLog {
  readonly #logger: Logger;
  readonly #kinds = new Map<string, Kind>();

  /**
   * Writes to a logger.
   *
   * @param name The logger's name.
   */
  constructor(name: string) {
    this.#logger = getLogger(name);
  }

  /** Whether debug lines are wanted; ask before making one. */
  get isDebug(): boolean {
    return this.#logger.level <= LogLevels.DEBUG && this.#logger.level !== LogLevels.NOTSET;
  }

  /** Writes what only somebody who looks for it wants to see. */
  debug(message: string, fields: LogFields = {}): void {
    this.#logger.debug(message, fields);
  }

  /** Writes what went wrong with ourselves. */
  error(message: string, fields: LogFields = {}): void {
    this.#logger.error(message, fields);
  }

  /**
   * Writes what went wrong with a client, unless there was enough of that lately.
   *
   * @param kind What is limited together.
   * @param message The text.
   * @param fields What it is about.
   */
  warn(kind: string, message: string, fields: LogFields = {}): void {
    const now = performance.now();
    let entry = this.#kinds.get(kind);
    if (!entry) this.#kinds.set(kind, entry = { credit: BURST, at: now, suppressed: 0 });
    entry.credit = Math.min(BURST, entry.credit + (now - entry.at) / REFILL_MS);
    entry.at = now;
    if (entry.credit < 1) {
      entry.suppressed++;
      return;
    }
    entry.credit--;
    const { suppressed } = entry;
    entry.suppressed = 0;
    this.#logger.warn(message, suppressed > 0 ? { ...fields, suppressed } : fields);
  }
}
