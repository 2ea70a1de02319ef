/**
 * Time-outs of many clients with one timer.
 *
 * @module
 */

interface Deadline<T> {
  at: number;
  subject: T;
}

/** How many entries may be done with before the list is shortened. */
const COMPACT_AT = 1024;

/**
 * A list of deadlines that all lie equally far ahead, so that they expire in
 * the order of being set.
 */
export class Deadlines<T> implements Disposable {
  readonly #ms: number;
  readonly #expire: (subject: T) => void;
  #list: Deadline<T>[] = [];
  #first = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Sets up a list.
   *
   * @param ms How far ahead a deadline lies, in milliseconds; 0 for never.
   * @param expire Called at a deadline, for every subject: it has to know
   * whether that still matters.
   */
  constructor(ms: number, expire: (subject: T) => void) {
    this.#ms = ms;
    this.#expire = expire;
  }

  /**
   * Sets a deadline.
   *
   * @param subject Whose.
   * @param now The time, on the clock of performance.now().
   */
  set(subject: T, now: number): void {
    if (this.#ms === 0) return;
    this.#list.push({ at: now + this.#ms, subject });
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
      this.#expire(this.#list[this.#first++].subject);
    }
    if (this.#first === this.#list.length || this.#first >= COMPACT_AT) {
      this.#list = this.#list.slice(this.#first);
      this.#first = 0;
    }
    if (this.#list.length > 0) this.#timer = this.#start(Math.max(1, this.#list[this.#first].at - now));
  }

  /** Forgets every deadline. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#list = [];
    this.#first = 0;
  }
}
