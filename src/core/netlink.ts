/**
 * Messages of netlink(7) and their attributes, as bytes.
 *
 * @module
 */

/** Types of messages that all of netlink has. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Flags of messages. */
export const NLM_F = { REQUEST: 0x1, MULTI: 0x2, DUMP_INTR: 0x10, DUMP: 0x300 } as const;

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;

/** Of an attribute's type; the rest are flags. */
const TYPE_MASK = 0x3fff;

/** x86-64 and arm64 are little-endian, and netlink has the order of the machine. */
const LITTLE_ENDIAN = true;

/** Thrown for bytes that are no netlink messages. */
export class NetlinkError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "NetlinkError";
}

/** A message. */
export interface NetlinkMessage {
  /** What its body is. */
  type: number;
  /** Of {@linkcode NLM_F}. */
  flags: number;
  /** The number that the request had. */
  sequence: number;
  /** What follows the header. */
  body: Uint8Array;
}

/** The numbers in bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The next one begins at a multiple of 4. */
function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** A part of some bytes whose numbers are read; reading behind its end is an error that says what was read. */
export class Numbers {
  readonly #view: DataView;
  readonly #begin: number;
  readonly #what: string;
  /** How many bytes it has. */
  readonly length: number;

  /**
   * Looks at bytes.
   *
   * @param bytes The bytes, or a view of them.
   * @param what What the part is, for the error.
   * @param begin Where it begins.
   * @param length How many bytes it has, by default all that follow.
   */
  constructor(bytes: Uint8Array | DataView, what: string, begin = 0, length: number = bytes.byteLength - begin) {
    this.#view = bytes instanceof DataView ? bytes : viewOf(bytes);
    this.#what = what;
    this.#begin = begin;
    this.length = length;
  }

  /** Where a number is. */
  #place(offset: number, size: number): number {
    if (offset + size > this.length) {
      throw new NetlinkError(`${this.#what} has ${this.length} bytes, ${offset + size} are expected`);
    }
    return this.#begin + offset;
  }

  /** The byte at an offset. */
  u8(offset: number): number {
    return this.#view.getUint8(this.#place(offset, 1));
  }

  /** The 32 bits at an offset. */
  u32(offset: number): number {
    return this.#view.getUint32(this.#place(offset, 4), LITTLE_ENDIAN);
  }

  /** The same with a sign. */
  i32(offset: number): number {
    return this.#view.getInt32(this.#place(offset, 4), LITTLE_ENDIAN);
  }
}

/**
 * Writes a message.
 *
 * @param message The message.
 * @returns Its bytes.
 */
export function encodeMessage(message: NetlinkMessage): Uint8Array<ArrayBuffer> {
  const length = HEADER_BYTES + message.body.length;
  const bytes = new Uint8Array(aligned(length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, LITTLE_ENDIAN);
  view.setUint16(4, message.type, LITTLE_ENDIAN);
  view.setUint16(6, message.flags, LITTLE_ENDIAN);
  view.setUint32(8, message.sequence, LITTLE_ENDIAN);
  bytes.set(message.body, HEADER_BYTES);
  return bytes;
}

/**
 * Reads the messages of one piece of an answer.
 *
 * @param bytes The piece; bodies are parts of it, not copies.
 * @returns The messages, in their order.
 * @throws {NetlinkError} For a length that cannot be.
 */
export function* decodeMessages(bytes: Uint8Array): Generator<NetlinkMessage> {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.length - at;
    if (rest < HEADER_BYTES) throw new NetlinkError(`a message's header has ${HEADER_BYTES} bytes, not ${rest}`);
    const length = view.getUint32(at, LITTLE_ENDIAN);
    if (length < HEADER_BYTES || length > rest) {
      throw new NetlinkError(`a message cannot have ${length} bytes where ${rest} are left`);
    }
    yield {
      type: view.getUint16(at + 4, LITTLE_ENDIAN),
      flags: view.getUint16(at + 6, LITTLE_ENDIAN),
      sequence: view.getUint32(at + 8, LITTLE_ENDIAN),
      body: bytes.subarray(at + HEADER_BYTES, at + length),
    };
    at += aligned(length);
  }
}

/**
 * Reads the attributes at the end of a message.
 *
 * @param view The message.
 * @param begin Where they begin.
 * @param take Takes each one: its type, where its value begins and how many bytes that has.
 * @throws {NetlinkError} For a length that cannot be.
 */
export function decodeAttributes(
  view: DataView,
  begin: number,
  take: (type: number, begin: number, length: number) => void,
): void {
  for (let at = begin; at < view.byteLength;) {
    const rest = view.byteLength - at;
    if (rest < ATTRIBUTE_HEADER_BYTES) {
      throw new NetlinkError(`an attribute's header has ${ATTRIBUTE_HEADER_BYTES} bytes, not ${rest}`);
    }
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER_BYTES || length > rest) {
      throw new NetlinkError(`an attribute cannot have ${length} bytes where ${rest} are left`);
    }
    const type = view.getUint16(at + 2, LITTLE_ENDIAN) & TYPE_MASK;
    take(type, at + ATTRIBUTE_HEADER_BYTES, length - ATTRIBUTE_HEADER_BYTES);
    at += aligned(length);
  }
}
