/**
 * What the process of a request prints, in the log: line by line, and bounded.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { LineSplitter, printable } from "../core/lines.ts";

/** How many lines of one process, or of one request to a worker, are logged. */
export const MAX_LOGGED_LINES = 1000;

/** How much of what was printed last is kept for the case that the process fails, in bytes. */
const TAIL_BYTES = 2048;

const decoder = new TextDecoder();

/** Takes one output of one process. */
export class OutputLog {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #lines: LineSplitter | undefined;
  #count = 0;
  #tail: Uint8Array | undefined;

  /**
   * Begins to take output.
   *
   * @param isLogged Whether lines are logged; if not, only the last are kept.
   * @param fields What each line is logged with, such as the request's id.
   */
  constructor(isLogged: boolean, fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
    this.#lines = isLogged ? new LineSplitter((text, truncated) => this.#log(text, truncated)) : undefined;
  }

  /**
   * Takes output.
   *
   * @param bytes The bytes; not kept.
   */
  push(bytes: Uint8Array): void {
    this.#lines?.push(bytes);
    const before = this.#tail ?? new Uint8Array();
    const last = bytes.subarray(-TAIL_BYTES);
    const kept = before.subarray(Math.max(0, before.length + last.length - TAIL_BYTES));
    const tail = new Uint8Array(kept.length + last.length);
    tail.set(kept);
    tail.set(last, kept.length);
    this.#tail = tail;
  }

  /** Logs the last line although it has no end, and how many were left out. */
  end(): void {
    this.#lines?.end();
    this.restart();
  }

  /** Counts lines anew, such as for the next request of a worker; logs how many were left out. */
  restart(): void {
    if (this.#count > MAX_LOGGED_LINES) {
      getLogger("proxy").warn("lines left out", { ...this.#fields, lines: this.#count - MAX_LOGGED_LINES });
    }
    this.#count = 0;
  }

  /** What was printed last, as text; empty if nothing was. */
  get tail(): string {
    return this.#tail ? printable(decoder.decode(this.#tail).trimEnd().replaceAll("\n", " | ")) : "";
  }

  #log(text: string, truncated: boolean): void {
    if (++this.#count > MAX_LOGGED_LINES) return;
    getLogger("proxy").info(printable(text), { ...this.#fields, ...(truncated ? { truncated } : {}) });
  }
}
