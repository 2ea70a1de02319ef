/**
 * Frames: how messages keep their boundaries on a stream, and how large ones
 * are taken apart (libchan's unix transport, and what ipcx adds to it).
 *
 * A frame begins with a number of 32 bits, the highest byte first: the length
 * of the payload behind it, and as the highest bit whether descriptors come
 * with its first byte. The length 0x7fffffff, which no payload has, marks a part
 * of a message: a kind and four numbers of 32 bits follow, of which each kind
 * uses what it needs. The kind is the lowest byte of its number; the other three
 * are the name of the memory that the part is about. Packets need no frames;
 * there a part begins with {@linkcode PACKET_MARK} in place of the length.
 *
 * @module
 */

/** The bytes of the number that every frame begins with. */
export const HEADER_BYTES = 4;

/** The bytes of a part's kind and numbers. */
export const PART_BYTES = 20;

/** Announces descriptors. */
export const FDS_BIT = 0x80000000;

/** In place of a length: a part of a message. */
export const PART_MARK = 0x7fffffff;

/**
 * What a packet begins with that is a part of a message; sixteen bytes drawn
 * once by lot. A message that happens to begin with them is sent as a part.
 */
export const PACKET_MARK: Uint8Array<ArrayBuffer> = new Uint8Array([
  ...[0x9d, 0x2b, 0xe4, 0x61, 0x0f, 0xc8, 0x57, 0xb3],
  ...[0xa6, 0x1e, 0x74, 0xd9, 0x38, 0x85, 0xfa, 0x42],
]);

/** The bytes that a packet begins with which is a part of a message. */
export const PART_HEAD_BYTES: number = PACKET_MARK.length + PART_BYTES;

/** So much of a payload goes into one packet at most, while the memory is full. */
export const INLINE_PACKET_BYTES = 65536;

/**
 * What a part is: descriptors of the message that follows; memory to find
 * payloads in from now on; a piece of a payload in that memory; or a piece of
 * it that follows right here.
 */
export type Part =
  | { kind: "descriptors" }
  | { kind: "memory"; memory: number; size: number }
  | { kind: "shared"; memory: number; offset: number; length: number; end: number; total: number }
  | { kind: "inline"; length: number; total: number };

/** There are so many names of memory. */
export const MEMORY_NAMES = 2 ** 24;

const KINDS = ["descriptors", "memory", "shared", "inline"] as const;

/**
 * Writes the header of a frame.
 *
 * @param target Where to.
 * @param length The bytes of the payload, or {@linkcode PART_MARK}.
 * @param hasFds Whether descriptors go with it.
 */
export function writeHeader(target: Uint8Array, length: number, hasFds: boolean): void {
  target[0] = (length >>> 24) | (hasFds ? 0x80 : 0);
  target[1] = length >>> 16;
  target[2] = length >>> 8;
  target[3] = length;
}

/**
 * Reads the header of a frame.
 *
 * @param bytes The bytes.
 * @param at Where it begins; four bytes are there.
 * @returns The number with its highest bit.
 */
export function readHeader(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/**
 * Writes a part's kind and numbers.
 *
 * @param part The part.
 * @returns Its bytes, {@linkcode PART_BYTES} of them.
 */
export function encodePart(part: Part): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PART_BYTES);
  const view = new DataView(bytes.buffer);
  const memory = "memory" in part ? part.memory : 0;
  view.setUint32(0, ((memory << 8) | (KINDS.indexOf(part.kind) + 1)) >>> 0);
  if (part.kind === "memory") view.setUint32(4, part.size);
  if (part.kind === "shared") {
    view.setUint32(4, part.offset);
    view.setUint32(12, part.end);
  }
  if (part.kind === "shared" || part.kind === "inline") {
    view.setUint32(8, part.length);
    view.setUint32(16, part.total);
  }
  return bytes;
}

/**
 * Reads a part's kind and numbers.
 *
 * @param bytes Where it is.
 * @param at Where it begins; {@linkcode PART_BYTES} bytes are there.
 * @returns The part, or `undefined` if there is no such kind.
 */
export function decodePart(bytes: Uint8Array<ArrayBuffer>, at: number): Part | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, PART_BYTES);
  const kind = KINDS[(view.getUint32(0) & 0xff) - 1];
  const memory = view.getUint32(0) >>> 8;
  const [length, total] = [view.getUint32(8), view.getUint32(16)];
  switch (kind) {
    case "descriptors":
      return { kind };
    case "memory":
      return { kind, memory, size: view.getUint32(4) };
    case "shared":
      return { kind, memory, offset: view.getUint32(4), length, end: view.getUint32(12), total };
    case "inline":
      return { kind, length, total };
  }
}

/**
 * Tells whether a packet is a part of a message.
 *
 * @param packet The packet.
 * @returns Whether it begins with {@linkcode PACKET_MARK}.
 */
export function isMarked(packet: Uint8Array): boolean {
  if (packet.length < PACKET_MARK.length) return false;
  for (let at = 0; at < PACKET_MARK.length; at++) if (packet[at] !== PACKET_MARK[at]) return false;
  return true;
}
