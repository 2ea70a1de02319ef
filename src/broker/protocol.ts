/**
 * The SocketPair Broker Protocol, version 1, on the wire.
 *
 * Numbers are in host byte order. By the protocol's text a request has 1040
 * bytes; the C structure of the reference implementation is padded to 1044
 * wherever a u64 is aligned to 8 bytes (x86-64, arm64), and its client library
 * takes a reply only if that has the structure's size, too. So requests may
 * have up to four bytes of padding, and a reply is as long as its request.
 *
 * @module
 */

/** How a client wants to be paired: with its like, or with the opposite. */
export type PairMode = "none" | "client" | "server";

/** What a client asks for. */
export interface PairRequest {
  /** How it wants to be paired. */
  mode: PairMode;
  /** What both clients have to name, 1–1024 bytes. */
  key: Uint8Array;
}

/** Thrown for bytes that break the protocol. */
export class ProtocolError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "ProtocolError";
  /** The field that is wrong, for counting: `"version"`, `"flags"`, `"request"`, `"size"`, `"mode"`, `"key"`… */
  readonly field: string;

  /**
   * Describes what is wrong.
   *
   * @param field The field.
   * @param message What it should be and what it is.
   */
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** The bytes of a request, or of a reply, by the protocol's text. */
export const MESSAGE_BYTES = 1040;

/** The bytes of either with the padding of the reference implementation. */
export const PADDED_MESSAGE_BYTES = 1044;

/** The bytes of a reply with nothing behind its payload. */
export const SHORT_REPLY_BYTES = 20;

/** The most bytes of a key. */
export const MAX_KEY_BYTES = 1024;

const GET_PAIR = 1;
const SET_PAIR = 2;
const VERSION = 1;
const VERSION_MASK = 0xf;
const GET_PAIR_SIZE = 4 + MAX_KEY_BYTES;
const SET_PAIR_SIZE = 8;
const KEY_OFFSET = 16;
const MODES: readonly PairMode[] = ["none", "client", "server"];
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function header(request: number, size: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, request, LITTLE_ENDIAN);
  view.setUint32(4, VERSION, LITTLE_ENDIAN);
  view.setUint32(8, size, LITTLE_ENDIAN);
  return bytes;
}

function checkHeader(view: DataView, request: number, size: number): void {
  const flags = view.getUint32(4, LITTLE_ENDIAN);
  const version = flags & VERSION_MASK;
  if (version !== VERSION) throw new ProtocolError("version", `version ${version}, expected ${VERSION}`);
  if (flags !== VERSION) {
    throw new ProtocolError("flags", `unknown flags 0x${((flags & ~VERSION_MASK) >>> 0).toString(16)}`);
  }
  const actual = view.getUint32(0, LITTLE_ENDIAN);
  if (actual !== request) throw new ProtocolError("request", `request ${actual}, expected ${request}`);
  const length = view.getUint32(8, LITTLE_ENDIAN);
  if (length !== size) throw new ProtocolError("size", `payload size ${length}, expected ${size}`);
}

/**
 * Writes a request for a pair.
 *
 * @param request Mode and key.
 * @returns 1040 bytes.
 * @throws {RangeError} If the key does not have 1–1024 bytes.
 *
 * @example
 * ```ts
 * import { decodeGetPair, encodeGetPair } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const request = { mode: "client", key: new TextEncoder().encode("vhost0") } as const;
 * assertEquals(decodeGetPair(encodeGetPair(request)), request);
 * ```
 */
export function encodeGetPair(request: PairRequest): Uint8Array<ArrayBuffer> {
  const { mode, key } = request;
  if (key.length < 1 || key.length > MAX_KEY_BYTES) {
    throw new RangeError(`a key has 1 to ${MAX_KEY_BYTES} bytes, not ${key.length}`);
  }
  const bytes = header(GET_PAIR, GET_PAIR_SIZE, MESSAGE_BYTES);
  const view = viewOf(bytes);
  view.setUint16(12, MODES.indexOf(mode), LITTLE_ENDIAN);
  view.setUint16(14, key.length, LITTLE_ENDIAN);
  bytes.set(key, KEY_OFFSET);
  return bytes;
}

/**
 * Reads a request for a pair.
 *
 * @param bytes 1040 bytes or more; those beyond are not looked at.
 * @returns Mode and key; the key is a view of `bytes`.
 * @throws {ProtocolError} If it is no valid request.
 */
export function decodeGetPair(bytes: Uint8Array): PairRequest {
  if (bytes.length < MESSAGE_BYTES) {
    throw new ProtocolError("length", `${bytes.length} bytes, expected ${MESSAGE_BYTES}`);
  }
  const view = viewOf(bytes);
  checkHeader(view, GET_PAIR, GET_PAIR_SIZE);
  const mode = MODES[view.getUint16(12, LITTLE_ENDIAN)];
  if (mode === undefined) {
    throw new ProtocolError("mode", `mode ${view.getUint16(12, LITTLE_ENDIAN)}, expected 0, 1 or 2`);
  }
  const length = view.getUint16(14, LITTLE_ENDIAN);
  if (length < 1 || length > MAX_KEY_BYTES) {
    throw new ProtocolError("key", `key of ${length} bytes, expected 1 to ${MAX_KEY_BYTES}`);
  }
  return { mode, key: bytes.subarray(KEY_OFFSET, KEY_OFFSET + length) };
}

/**
 * Writes the reply that carries a descriptor.
 *
 * @param length 1044, 1040 or 20 bytes, as the client's request suggests.
 * @returns That many bytes.
 */
export function encodeSetPair(length: number = PADDED_MESSAGE_BYTES): Uint8Array<ArrayBuffer> {
  return header(SET_PAIR, SET_PAIR_SIZE, length);
}

/**
 * Reads a reply.
 *
 * @param bytes 20 bytes or more; those beyond are padding.
 * @throws {ProtocolError} If it is no valid reply.
 */
export function decodeSetPair(bytes: Uint8Array): void {
  if (bytes.length < SHORT_REPLY_BYTES) {
    throw new ProtocolError("length", `${bytes.length} bytes, expected ${SHORT_REPLY_BYTES} or more`);
  }
  const view = viewOf(bytes);
  checkHeader(view, SET_PAIR, SET_PAIR_SIZE);
  if (view.getBigUint64(12, LITTLE_ENDIAN) !== 0n) throw new ProtocolError("payload", "a payload that is not zero");
}
