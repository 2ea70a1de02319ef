/**
 * The ways to speak.
 *
 * @module
 */

import type { UnixSocket } from "../../core/socket.ts";
import type { BeamSettings } from "../options.ts";
import { PacketIncoming } from "./packet_incoming.ts";
import { PacketOutgoing } from "./packet_outgoing.ts";
import { PlainIncoming, PlainOutgoing } from "./plain_wire.ts";
import { StreamIncoming } from "./stream_incoming.ts";
import { StreamOutgoing } from "./stream_outgoing.ts";
import type { IncomingWire, OutgoingWire } from "./wire.ts";

/** Both directions of a connection. */
export interface Wires {
  /** Sends messages. */
  outgoing: OutgoingWire;
  /** Receives messages. */
  incoming: IncomingWire;
}

/**
 * Chooses how to speak on a socket.
 *
 * @param socket A stream or packet socket, which stays the caller's.
 * @param settings Whether to frame messages, and their limits.
 * @returns Both directions, to be disposed of with the socket.
 */
export function wiresOver(socket: UnixSocket, settings: BeamSettings): Wires {
  const [Outgoing, Incoming] = socket.type === "seqpacket"
    ? [PacketOutgoing, PacketIncoming]
    : settings.framed
    ? [StreamOutgoing, StreamIncoming]
    : [PlainOutgoing, PlainIncoming];
  return { outgoing: new Outgoing(socket, settings), incoming: new Incoming(socket, settings) };
}
