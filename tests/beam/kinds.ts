/**
 * Every way in which beams speak.
 *
 * @module
 */

import type { BeamPairOptions } from "ipcx";

/** The ways, by their names. */
export const KINDS: Readonly<Record<string, BeamPairOptions>> = {
  plain: {},
  framed: { framed: true },
  packets: { type: "seqpacket" },
};

/** Those that keep any messages apart. */
export const KEEPING_BOUNDARIES: readonly BeamPairOptions[] = [KINDS.framed, KINDS.packets];
