/**
 * Time-outs of many clients with one timer.
 *
 * @module
 */

interface Deadline<T> {
  at: number;
  subject: T;
}

/** A list shorter than this is not worth being searched for what does not matter any more. */
const COMPACT_AT = 1024;

/**
 * A list of deadlines that all lie equally far ahead, so that they expire in
 * the order of being set.
 */
export class Deadlines<T> implements Disposable {
  readonly #ms: number;
  readonly #matters: (subject: T) => boolean;
  readonly #expire: (subject: T) => void;
  #list: Deadline<T>[] = [];
  #first = 0;
  #compactAt = COMPACT_AT;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Sets up a list.
   *
   * @param ms How far ahead a deadline lies, in milliseconds; 0 for never.
   * @param matters Tells whether a subject still has a deadline; once it has
   * not, it never has again.
   * @param expire Called at a deadline that still matters.
   */
  constructor(ms: number, matters: (subject: T) => boolean, expire: (subject: T) => void) {
    this.#ms = ms;
    this.#matters = matters;
    this.#expire = expire;
  }

  /** How many subjects are remembered: few more than twice those that matter. */
  get size(): number {
    return this.#list.length;
  }

  /**
   * Sets a deadline.
   *
   * @param subject Whose.
   * @param since When its time began, on the clock of performance.now(); never
   * before that of the last one; by default now.
   */
  set(subject: T, since?: number): void {
    if (this.#ms === 0) return;
    if (this.#list.length >= this.#compactAt) this.#compact();
    this.#list.push({ at: (since ?? performance.now()) + this.#ms, subject });
    this.#timer ??= this.#start(this.#ms);
  }

  #start(ms: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#run(), ms);
    Deno.unrefTimer(timer);
    return timer;
  }

  #run(): void {
    this.#timer = undefined;
    const now = performance.now();
    while (this.#first < this.#list.length && this.#list[this.#first].at <= now) {
      const { subject } = this.#list[this.#first++];
      if (this.#matters(subject)) this.#expire(subject);
    }
    if (2 * this.#first >= this.#list.length) this.#compact();
    if (this.#list.length > 0) this.#timer = this.#start(Math.max(1, this.#list[this.#first].at - now));
  }

  /** Those who came and went must not be kept in memory until their time would have been up. */
  #compact(): void {
    this.#list = this.#list.slice(this.#first).filter(({ subject }) => this.#matters(subject));
    this.#first = 0;
    this.#compactAt = Math.max(COMPACT_AT, 2 * this.#list.length);
  }

  /** Forgets every deadline. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#list = [];
    this.#first = 0;
  }
}
