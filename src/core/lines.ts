/**
 * What processes print, line by line.
 *
 * @module
 */

/** The most bytes of a line that are kept. */
export const MAX_LINE_BYTES = 16_384;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Makes a line fit for a log: a terminal must not obey what a process prints.
 *
 * @param text The line.
 * @returns The line with its control characters, but for tabs, as `\xHH`.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** Bytes in, lines out. */
export class LineSplitter {
  readonly #onLine: (text: string, truncated: boolean) => void;
  /** Made when there is something to keep: most processes print nothing. */
  #line: Uint8Array | undefined;
  #length = 0;
  #skipping = false;

  /**
   * Begins with an empty line.
   *
   * @param onLine Takes a line, and whether it was cut.
   */
  constructor(onLine: (text: string, truncated: boolean) => void) {
    this.#onLine = onLine;
  }

  /**
   * Takes bytes.
   *
   * @param bytes The bytes; not kept.
   */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      if (!this.#skipping) this.#append(bytes.subarray(at, end));
      if (newline >= 0) this.#finish();
      at = end + 1;
    }
  }

  /** Takes what is there for the last line, if it is not empty. */
  end(): void {
    if (this.#length > 0) this.#finish();
  }

  #append(part: Uint8Array): void {
    const room = MAX_LINE_BYTES - this.#length;
    const line = this.#line ??= new Uint8Array(MAX_LINE_BYTES);
    line.set(part.subarray(0, room), this.#length);
    this.#length += Math.min(part.length, room);
    if (part.length <= room) return;
    // Told at once: the end of such a line may never come.
    this.#tell(true);
    this.#skipping = true;
  }

  #finish(): void {
    if (!this.#skipping) this.#tell(false);
    this.#skipping = false;
  }

  #tell(truncated: boolean): void {
    const line = this.#line?.subarray(0, this.#length) ?? new Uint8Array();
    const end = !truncated && line.at(-1) === RETURN ? 1 : 0;
    const text = decoder.decode(line.subarray(0, line.length - end));
    this.#length = 0;
    this.#onLine(text, truncated);
  }
}
