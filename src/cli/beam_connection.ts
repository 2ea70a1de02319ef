/**
 * The one connection of a command: made, or waited for.
 *
 * @module
 */

import { Beam } from "../beam/beam.ts";
import { BeamListener } from "../beam/listener.ts";
import type { Meeting, Side } from "./beam_settings.ts";
import { closedAtSignals } from "./closed_at_signals.ts";
import { inTime } from "./in_time.ts";
import { asNoSocket } from "./no_socket.ts";
import { whenSomebodyListens } from "./waiting_connect.ts";

async function acceptOne({ address, type, options }: Side, mode?: number, signal?: AbortSignal): Promise<Beam> {
  using opened = new DisposableStack();
  using _closed = closedAtSignals(opened);
  const listener = opened.use(BeamListener.listen(address, { ...options, type, mode }));
  return await listener.accept({ signal });
}

/**
 * Connects, or listens for one connection.
 *
 * @param side Where, and how to speak there.
 * @param meeting How long to wait, and for what.
 * @returns The beam, the caller's.
 * @throws {SystemError} As connect(2), or as listening.
 */
export async function meet(side: Side, { waits, timeout, mode, signal: given }: Meeting): Promise<Beam> {
  const { address, listens, type, options } = side;
  if (listens) {
    return await inTime(timeout, `nobody connected to ${address}`, (signal) => acceptOne(side, mode, signal), given);
  }
  const complaint = waits ? `nobody listened at ${address}` : `nobody took the connection at ${address}`;
  const connect = (signal?: AbortSignal): Promise<Beam> =>
    whenSomebodyListens(waits, () => Beam.connect(address, { ...options, type, signal }), signal);
  try {
    return await inTime(timeout, complaint, connect, given);
  } catch (error) {
    throw asNoSocket(address, error);
  }
}
