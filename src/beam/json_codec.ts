/**
 * Structured values as the payloads of messages.
 *
 * @module
 */

/** How values become payloads, and payloads values. */
export interface BeamCodec {
  /**
   * Makes a payload.
   *
   * @param value The value.
   * @returns Its bytes; they are not changed afterwards.
   * @throws {TypeError} For a value that has no such form.
   */
  encode(value: unknown): Uint8Array<ArrayBuffer>;
  /**
   * Reads a payload.
   *
   * @param data The bytes.
   * @returns The value.
   * @throws {Error} If they stand for none.
   */
  decode(data: Uint8Array<ArrayBuffer>): unknown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Values as JSON.
 *
 * What JSON would change or leave out without a word is an error: `undefined`
 * but for properties, bigints, functions, symbols, NaN and the infinities, maps,
 * sets and buffers; and cycles. What JSON has another form for takes that: dates
 * become text, and instances of other classes plain objects.
 *
 * @example
 * ```ts
 * import { jsonCodec } from "ipcx";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(jsonCodec.decode(jsonCodec.encode({ answer: 42 })), { answer: 42 });
 * assertThrows(() => jsonCodec.encode({ answer: 42n }), TypeError, "a bigint at 'answer' has no JSON form");
 * ```
 */
export const jsonCodec: BeamCodec = {
  encode(value) {
    return encoder.encode(JSON.stringify(value, refuse));
  },
  decode(data) {
    return JSON.parse(decoder.decode(data));
  },
};

function refuse(this: unknown, key: string, value: unknown): unknown {
  const kind = withoutJson(value, key !== "" && !Array.isArray(this));
  if (kind === undefined) return value;
  throw new TypeError(`${kind}${key === "" ? "" : ` at '${key}'`} has no JSON form`);
}

function withoutJson(value: unknown, isProperty: boolean): string | undefined {
  switch (typeof value) {
    case "undefined":
      return isProperty ? undefined : "undefined";
    case "number":
      return Number.isFinite(value) ? undefined : `${value}`;
    case "bigint":
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    case "object":
      if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`;
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  }
}
