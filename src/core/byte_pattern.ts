/**
 * Patterns of names that are bytes: keys of a broker, addresses of sockets.
 *
 * @module
 */

/** A byte, or what stands for one or any number of them. */
type Token = number | "?" | "*";

const TOKEN = /\\x([0-9a-fA-F]{2})|\\\\|[\s\S]/g;
const BACKSLASH = 0x5c;

/** UTF-8, one character a byte. */
function toByteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

function tokenOf([text, hex]: RegExpMatchArray): Token {
  if (text === "*" || text === "?") return text;
  return hex ? parseInt(hex, 16) : text === "\\\\" ? BACKSLASH : text.charCodeAt(0);
}

/**
 * A pattern in which `*` stands for any bytes, `?` for one, and `\xHH` for a byte.
 *
 * It is no regular expression: names are chosen by others, and with several
 * stars some of 1024 bytes would keep a backtracking matcher busy for years.
 */
export class BytePattern {
  readonly #tokens: readonly Token[];

  /**
   * Reads a pattern.
   *
   * @param text The pattern.
   */
  constructor(text: string) {
    this.#tokens = Array.from(toByteString(text).matchAll(TOKEN), tokenOf);
  }

  /**
   * Tells whether a name fits.
   *
   * @param name The name, one character a byte.
   * @returns Whether the pattern stands for the whole of it.
   */
  test(name: string): boolean {
    const tokens = this.#tokens;
    let at = 0;
    let token = 0;
    let star = -1;
    let starEnd = 0;
    while (at < name.length) {
      if (tokens[token] === "*") {
        star = token++;
        starEnd = at;
      } else if (tokens[token] === "?" || tokens[token] === name.charCodeAt(at)) {
        token++;
        at++;
      } else if (star >= 0) {
        // Only the last star need take more: what those before it took can stay.
        token = star + 1;
        at = ++starEnd;
      } else return false;
    }
    while (tokens[token] === "*") token++;
    return token === tokens.length;
  }
}
