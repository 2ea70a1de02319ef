/**
 * Sending messages as packets, which the kernel keeps apart.
 *
 * @module
 */

import type { Fd } from "../../core/fd.ts";
import { MAX_FDS_PER_MESSAGE } from "../../core/linux.ts";
import type { UnixSocket } from "../../core/socket.ts";
import type { BeamSettings } from "../options.ts";
import { tooLarge } from "./assembly.ts";
import { encodePart, INLINE_PACKET_BYTES, isMarked, PACKET_MARK, type Part, PART_HEAD_BYTES } from "./frame.ts";
import type { Piece } from "./outbox.ts";
import { PartsOutgoing } from "./parts_outgoing.ts";
import type { SendState } from "./wire.ts";

/** What the kernel keeps of the send buffer for itself. */
const PACKET_OVERHEAD_BYTES = 32;

/** Speaks packets as they are, and ipcx's parts for what one cannot carry. */
export class PacketOutgoing extends PartsOutgoing {
  readonly #settings: BeamSettings;

  /**
   * Prepares for sending.
   *
   * @param socket A packet socket, which stays the caller's.
   * @param settings The limits.
   */
  constructor(socket: UnixSocket, settings: BeamSettings) {
    super(socket, settings, () => inlineBytesOf(socket));
    this.#settings = settings;
  }

  begin(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): SendState {
    const { maxBytes, memoryThreshold } = this.#settings;
    if (data.length > maxBytes) throw tooLarge(data.length, maxBytes);
    const isSimple = fds.length <= MAX_FDS_PER_MESSAGE && data.length < memoryThreshold && !isMarked(data);
    return this.beginPieces(isSimple ? [{ data, fds }].values() : this.#piecesOf(data, fds));
  }

  *#piecesOf(data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): Generator<Piece | "memory full", void> {
    for (const next of this.parts.of(data, fds)) {
      if (next === "memory full") yield next;
      else if (next.part) yield { ...partPacket(next.part, next.fds, next.data), onRefused: next.onRefused };
      else if (isMarked(data)) {
        yield partPacket({ kind: "inline", length: data.length, total: data.length }, next.fds, data);
      } else yield { data, fds: next.fds };
    }
  }
}

function inlineBytesOf(socket: UnixSocket): number {
  return Math.min(INLINE_PACKET_BYTES, socket.getOption("sendBuffer") - PACKET_OVERHEAD_BYTES - PART_HEAD_BYTES);
}

function partPacket(part: Part, fds: readonly Fd[] | undefined, data = new Uint8Array()): Piece {
  const packet = new Uint8Array(PART_HEAD_BYTES + data.length);
  packet.set(PACKET_MARK);
  packet.set(encodePart(part), PACKET_MARK.length);
  packet.set(data, PART_HEAD_BYTES);
  return { data: packet, fds };
}
