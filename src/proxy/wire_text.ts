/**
 * Text of a request's head: Node gives each byte as one character (Latin-1), but
 * clients send UTF-8, or what they like.
 *
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Makes text of bytes where they are text: that is packed faster, and can be shown.
 *
 * @param bytes The bytes.
 * @returns Text if they are UTF-8, else the bytes.
 */
export function plainest(bytes: Uint8Array): string | Uint8Array {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

/**
 * Gives what was sent, instead of what Node has made of it.
 *
 * @param text The text, a character for each byte.
 * @returns Text if the bytes are UTF-8, else the bytes.
 */
export function asSent(text: string): string | Uint8Array {
  if (ASCII.test(text)) return text;
  return plainest(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

function decoded(text: string): string {
  return text.replaceAll("+", " ").replaceAll(
    /%([0-9a-f]{2})/gi,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
}

/** The fields of a query (application/x-www-form-urlencoded), byte by byte. */
export class QueryFields {
  /** Names and values, a character for each byte. */
  readonly #fields = new Map<string, string>();

  /**
   * Takes a query apart.
   *
   * @param query The query as Node gives it, without its question mark.
   */
  constructor(query: string) {
    for (const field of query.split("&")) {
      const equals = field.indexOf("=");
      const name = decoded(equals < 0 ? field : field.slice(0, equals));
      if (!this.#fields.has(name)) this.#fields.set(name, equals < 0 ? "" : decoded(field.slice(equals + 1)));
    }
  }

  /**
   * Looks a field up.
   *
   * @param name Its name.
   * @returns What was sent for the first of that name; empty if there is none.
   */
  get(name: string): string | Uint8Array {
    const units = ASCII.test(name) ? name : String.fromCharCode(...encoder.encode(name));
    return asSent(this.#fields.get(units) ?? "");
  }
}
