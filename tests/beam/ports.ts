/**
 * Ports, and waiting for what they tell.
 *
 * @module
 */

import { Beam, type BeamMessageEvent, type BeamPairOptions, BeamPort, type BeamPortOptions } from "ipcx";
import { KEEPING_BOUNDARIES } from "./kinds.ts";

/** Two ports that are connected to each other. */
export function portPair(
  kind: BeamPairOptions = KEEPING_BOUNDARIES[0],
  options: BeamPortOptions = {},
): [BeamPort, BeamPort] {
  const [left, right] = Beam.pair(kind);
  return [new BeamPort(left, options), new BeamPort(right, options)];
}

/** Waits until a port is closed; returns the reason. */
export function closing(port: BeamPort): Promise<unknown> {
  return new Promise((resolve) => port.addEventListener("close", ({ error }) => resolve(error)));
}

/** Waits for the next message of a port that is started. */
export function next(port: BeamPort): Promise<BeamMessageEvent> {
  return new Promise((resolve) => port.addEventListener("message", resolve, { once: true }));
}

/** Closes ports without sending what waits, and waits until that is told. */
export async function closeAll(...ports: BeamPort[]): Promise<void> {
  const closed = ports.map(closing);
  for (const port of ports) port.close({ discard: true });
  await Promise.all(closed);
}
