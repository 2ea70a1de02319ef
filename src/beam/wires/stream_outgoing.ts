/**
 * Sending messages in frames, on a stream.
 *
 * @module
 */

import type { Fd } from "../../core/fd.ts";
import { MAX_FDS_PER_MESSAGE } from "../../core/linux.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { BeamSettings } from "../options.ts";
import { tooLarge } from "./assembly.ts";
import { encodePart, HEADER_BYTES, PART_BYTES, PART_MARK, writeHeader } from "./frame.ts";
import type { Piece } from "./outbox.ts";
import { PartsOutgoing } from "./parts_outgoing.ts";
import type { SendState } from "./wire.ts";

/** Up to here a payload is copied behind its header, so that one call sends both. */
const MOST_JOINED_BYTES = 16384;

/** So much of a payload goes through the socket at a time while the memory is full. */
const INLINE_BYTES = 65536;

// Calls are synchronous, so one buffer serves every wire.
const joined = new Uint8Array(HEADER_BYTES + MOST_JOINED_BYTES);

/** Speaks libchan's framing, and ipcx's parts for what that cannot carry. */
export class StreamOutgoing extends PartsOutgoing {
  readonly #socket: UnixSocket;
  readonly #settings: BeamSettings;

  /**
   * Prepares for sending.
   *
   * @param socket A stream socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    super(socket, settings, () => INLINE_BYTES);
    this.#socket = socket;
    this.#settings = settings;
  }

  begin(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): SendState {
    const { maxBytes, memoryThreshold } = this.#settings;
    if (data.length > maxBytes) throw tooLarge(data.length, maxBytes);
    const isSimple = fds.length <= MAX_FDS_PER_MESSAGE && data.length < memoryThreshold;
    if (!isSimple || data.length > MOST_JOINED_BYTES) {
      return this.beginPieces(this.#piecesOf(data, fds));
    }
    const frame = joined.subarray(0, HEADER_BYTES + data.length);
    writeHeader(frame, data.length, fds.length > 0);
    frame.set(data, HEADER_BYTES);
    const sent = this.#socket.trySend(frame, fds.length > 0 ? { fds } : undefined);
    if (sent === frame.length) return "sent";
    // The buffer is used again by the next one.
    const rest: Piece = sent === undefined ? { data: frame.slice(), fds } : { data: frame.slice(sent) };
    this.outbox.begin([rest].values());
    if (sent !== undefined) this.outbox.noteBegun();
    return "socket full";
  }

  *#piecesOf(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): Generator<Piece | "memory full", void> {
    for (const next of this.parts.of(data, fds)) {
      if (next === "memory full") yield next;
      else {
        const { onRefused } = next;
        yield next.part
          ? { ...partFrame(encodePart(next.part), next.fds), onRefused }
          : headerFrame(next.data!.length, next.fds);
        if (next.data && next.data.length > 0) yield { data: next.data };
      }
    }
  }
}

function headerFrame(length: number, fds: readonly Fd[] = []): Piece {
  const frame = new Uint8Array(HEADER_BYTES);
  writeHeader(frame, length, fds.length > 0);
  return { data: frame, fds };
}

function partFrame(part: Uint8Array, fds: readonly Fd[] = []): Piece {
  const frame = new Uint8Array(HEADER_BYTES + PART_BYTES);
  writeHeader(frame, PART_MARK, fds.length > 0);
  frame.set(part, HEADER_BYTES);
  return { data: frame, fds };
}
