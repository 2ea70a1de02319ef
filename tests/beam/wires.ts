/**
 * Every way that beams speak.
 *
 * @module
 */

import { Beam, type BeamPairOptions, UnixSocket } from "ipcx";

/** Without frames, with frames, and in packets. */
export const WIRES: readonly BeamPairOptions[] = [{}, { framed: true }, { type: "seqpacket" }];

/** Those that keep any sequence of messages apart. */
export const BOUNDED: readonly BeamPairOptions[] = WIRES.slice(1);

/** A bare socket, and a beam at its other end. */
export function halfPair(options: BeamPairOptions = {}): [UnixSocket, Beam] {
  const [left, right] = UnixSocket.pair(options.type);
  return [left, new Beam(right, options)];
}
