/**
 * JSON whose numbers stay what they were: ids of 64 bits are no rarity, and a
 * number of JavaScript would change them.
 *
 * @module
 */

/** A number as it was written. */
export class WrittenNumber {
  /**
   * Keeps it.
   *
   * @param text How it was written.
   */
  constructor(readonly text: string) {}

  /** Writes it again in the same way. */
  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }

  /** How it was written. */
  toString(): string {
    return this.text;
  }
}

/**
 * Reads JSON.
 *
 * @param text The text.
 * @returns Its value; each number is a {@linkcode WrittenNumber} if it would be written in another way.
 * @throws {SyntaxError} If it is no JSON.
 */
export function parseExactly(text: string): unknown {
  type Reviver = (name: string, value: unknown, context: { source: string }) => unknown;
  const keep: Reviver = (_name, value, context) =>
    typeof value === "number" && String(value) !== context.source ? new WrittenNumber(context.source) : value;
  return JSON.parse(text, keep as (name: string, value: unknown) => unknown);
}
