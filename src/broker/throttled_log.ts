/**
 * Complaints about clients, without letting clients fill the disk.
 *
 * @module
 */

import { getLogger, type Logger, LogLevels } from "@std/log";

/** How many lines of one kind are written in a second before they are only counted. */
const LINES_PER_SECOND = 20;

/** What a line says beside its text. */
export type LogFields = Readonly<Record<string, unknown>>;

interface Kind {
  second: number;
  lines: number;
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

  /** Writes what happens seldom. */
  info(message: string, fields: LogFields = {}): void {
    this.#logger.info(message, fields);
  }

  /** Writes what went wrong with ourselves. */
  error(message: string, fields: LogFields = {}): void {
    this.#logger.error(message, fields);
  }

  /**
   * Writes what went wrong with a client, unless there was enough of that in this second.
   *
   * @param kind What is limited together.
   * @param message The text.
   * @param fields What it is about.
   */
  warn(kind: string, message: string, fields: LogFields = {}): void {
    const second = Math.floor(performance.now() / 1000);
    let entry = this.#kinds.get(kind);
    if (!entry) this.#kinds.set(kind, entry = { second, lines: 0, suppressed: 0 });
    if (entry.second !== second) {
      entry.second = second;
      entry.lines = 0;
    }
    if (entry.lines++ >= LINES_PER_SECOND) {
      entry.suppressed++;
      return;
    }
    const { suppressed } = entry;
    entry.suppressed = 0;
    this.#logger.warn(message, suppressed > 0 ? { ...fields, suppressed } : fields);
  }
}
