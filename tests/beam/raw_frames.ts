/**
 * What goes over the socket of a beam, made by hand and recorded.
 *
 * @module
 */

import { type Beam, BeamError, type Fd, type UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  encodePart,
  HEADER_BYTES,
  PACKET_MARK,
  type Part,
  PART_BYTES,
  PART_MARK,
  writeHeader,
} from "../../src/beam/wires/frame.ts";

/** Bytes, one behind the other. */
export function joined(...pieces: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pieces.flatMap((piece) => Array.from(piece)));
}

/** The header of a frame. */
export function header(length: number, hasFds = false): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  writeHeader(bytes, length, hasFds);
  return bytes;
}

/** A part, of which the memory need not be named. */
export type LoosePart = Part extends infer Kind ? Kind extends { memory: number } ? Omit<Kind, "memory"> : Kind : never;

/** A part of a message, as a frame or as a packet. */
export function partOn(type: "stream" | "seqpacket", part: LoosePart, hasFds = false): Uint8Array<ArrayBuffer> {
  return joined(
    type === "stream" ? header(PART_MARK, hasFds) : PACKET_MARK,
    encodePart({ memory: 0, ...part } as Part),
  );
}

/** A part of a kind that there is not. */
export function unknownPart(type: "stream" | "seqpacket", kind: number): Uint8Array<ArrayBuffer> {
  const bytes = partOn(type, { kind: "descriptors" });
  new DataView(bytes.buffer).setUint32(bytes.length - PART_BYTES, kind);
  return bytes;
}

/** One sendmsg(2). */
export interface Sent {
  /** Its bytes. */
  data: Uint8Array<ArrayBuffer>;
  /** Its descriptors. */
  fds: readonly Fd[];
}

/** All that is in a socket, with descriptors that are the caller's. */
export function record(socket: UnixSocket): Sent[] {
  const sent: Sent[] = [];
  for (;;) {
    const message = socket.tryReceive({ maxBytes: 1024 * 1024 });
    if (!message) return sent;
    sent.push({ data: message.data, fds: message.takeFds() });
  }
}

/** Makes sure that a beam has ended with an error, which every later call gives again. */
export async function assertFailed(beam: Beam, code: string, about = ""): Promise<void> {
  const error = await assertRejects(() => beam.receive(), BeamError, about);
  assertEquals([error.code, beam.isOpen], [code, false], error.message);
  assert(await assertRejects(() => beam.receive()) === error);
  assert(await assertRejects(() => beam.send("x")) === error);
  assert(assertThrows(() => beam.tryReceive()) === error);
  assert(assertThrows(() => beam.end()) === error);
  assert(assertThrows(() => beam.release()) === error);
  beam.close();
}
