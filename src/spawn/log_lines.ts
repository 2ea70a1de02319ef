/**
 * What managed processes print, line by line.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { adoptReader } from "../core/adoption.ts";
import { delay } from "../core/delay.ts";
import type { Fd } from "../core/fd.ts";
import { LineSplitter, printable } from "../core/lines.ts";

/** How long all output must have been quiet before nobody listens to what outlives its process, in milliseconds. */
const QUIET_MS = 100;

/** So many reads of 64 KiB empty the largest pipe that anybody may make (pipe-max-size, 1 MiB), and then some. */
const LAST_READS = 20;

/** A line that a managed process has printed. */
export interface LogLine {
  /** Who printed it. */
  identifier: string;
  /** Its process id. */
  pid: number;
  /** Where to. */
  stream: "stdout" | "stderr";
  /** The line, without its end; bytes that are no UTF-8 are replaced. */
  text: string;
  /** Whether it was longer than 16 384 bytes: the rest is lost. */
  truncated: boolean;
}

/** What takes lines, one at a time. */
export type LineSink = (line: LogLine) => void;

/**
 * Logs a line, with its process's identifier before it, as "spawn" of `@std/log`.
 *
 * @param line The line; control characters are written as `\xHH`.
 */
export function logLine({ identifier, pid, stream, text, truncated }: LogLine): void {
  const fields = { process: identifier, pid, stream, ...(truncated ? { truncated } : {}) };
  getLogger("spawn").info(`${identifier}: ${printable(text)}`, fields);
}

/** The lines of one pipe. */
export class PipeLines implements Disposable {
  /** Settled when the pipe has ended, or nobody listens to it any more. */
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunks = 0;

  /**
   * Begins to read.
   *
   * @param pipe The end to read from; given away.
   * @param onLine Takes a line, and whether it was cut; what it throws is reported, and the next line follows.
   */
  constructor(pipe: Fd, onLine: (text: string, truncated: boolean) => void) {
    this.#reader = adoptReader(pipe).getReader();
    const splitter = new LineSplitter((text, truncated) => {
      try {
        onLine(text, truncated);
      } catch (error) {
        reportError(error);
      }
    });
    this.ended = this.#read(splitter);
  }

  async #read(splitter: LineSplitter): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        this.#chunks++;
        splitter.push(value);
      }
    } catch {
      // A pipe that cannot be read has ended.
    }
    splitter.end();
  }

  /**
   * Waits until all is told that was printed before: the pipe has ended, or has
   * been quiet for a while, or has given more than it holds, since somebody else
   * prints on. Nobody listens to it then.
   */
  async drained(): Promise<void> {
    const last = this.#chunks + LAST_READS;
    const stop = new AbortController();
    const quiet = async (): Promise<void> => {
      // Twice, since timers may run before what has long been there is read.
      for (let idle = 0; idle < 2 && this.#chunks < last;) {
        const before = this.#chunks;
        await delay(QUIET_MS, stop.signal);
        idle = this.#chunks === before ? idle + 1 : 0;
      }
    };
    const isQuiet = quiet().catch(() => {});
    await Promise.race([this.ended, isQuiet]);
    stop.abort();
    await isQuiet;
    this[Symbol.dispose]();
    await this.ended;
  }

  /** Stops reading; the pipe is closed. */
  [Symbol.dispose](): void {
    this.#reader.cancel().catch(() => {});
  }
}
