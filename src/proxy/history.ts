/**
 * The last requests of a gateway, for people who wonder what has just happened.
 *
 * Neither bodies nor queries nor header fields are kept: they may hold secrets.
 *
 * @module
 */

/** What is kept of a request. */
export interface RequestRecord {
  /** When it began, in milliseconds since 1970. */
  time: number;
  /** Its id. */
  id: string;
  /** The verb. */
  method: string;
  /** The path as it was sent, without the query. */
  path: string;
  /** The path of its route, with placeholders; `undefined` if none was found. */
  route?: string;
  /** The status it was answered with. */
  status: number;
  /** How long it took, in milliseconds. */
  ms: number;
  /** What came of it, such as `"answered"`, `"timed out"` or `"process exited with 3"`. */
  outcome: string;
  /** The process. */
  pid?: number;
  /** The process's CPU time, in milliseconds. */
  cpu?: number;
}

/** How many requests are kept. */
export const HISTORY_LENGTH = 200;

/** How many characters of a path or an outcome are kept. */
const LONGEST_TEXT = 200;

/** What would not be seen, or would change how the text around it is seen; and what stands for such a thing. */
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\\\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]|\p{Cs}/gu;

function escaped(character: string): string {
  if (character === "\\") return "\\\\";
  const code = character.codePointAt(0)!;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** Cuts a text from outside and makes everything in it visible. */
function shown(text: string): string {
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  return cut.replace(UNPRINTABLE, escaped);
}

/** A ring of the last requests. */
export class History {
  readonly #length: number;
  readonly #records: RequestRecord[] = [];
  #next = 0;

  /**
   * Makes an empty one.
   *
   * @param length How many requests are kept, 1 or more.
   */
  constructor(length: number = HISTORY_LENGTH) {
    this.#length = length;
  }

  /**
   * Keeps a request, and forgets the oldest if there are too many.
   *
   * @param record The request; its path is cut at the query and at 200 characters, and what is unprintable is escaped.
   */
  add(record: RequestRecord): void {
    const [path] = record.path.split("?", 1);
    this.#records[this.#next] = {
      ...record,
      method: shown(record.method),
      path: shown(path),
      outcome: shown(record.outcome),
    };
    this.#next = (this.#next + 1) % this.#length;
  }

  /** What is kept, the newest first. */
  get recent(): RequestRecord[] {
    return [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)].reverse();
  }
}
