/**
 * Memory for large payloads, as it arrives.
 *
 * @module
 */

import { closeAll, type Fd } from "../../core/fd.ts";
import { BeamError } from "../errors.ts";
import type { BeamSettings } from "../options.ts";
import { RingReader } from "./ring.ts";

/** The descriptors that came with one read, or that they were lost. */
export type Lot = readonly Fd[] | "lost";

/**
 * Takes over the memory that a sender announced.
 *
 * @param lot The descriptors that came with it.
 * @param name Its name.
 * @param before The memory in use so far, which is given back.
 * @param settings How large it may be.
 * @returns The memory.
 * @throws {BeamError} If it is none, or did not arrive.
 */
export function takeMemory(
  lot: Lot,
  name: number,
  before: RingReader | undefined,
  settings: BeamSettings,
): RingReader {
  if (lot === "lost") {
    throw new BeamError("descriptors-lost", "shared memory for large messages could not be delivered (MSG_CTRUNC)");
  }
  const [fd, ...others] = lot;
  closeAll(others);
  before?.[Symbol.dispose]();
  try {
    return new RingReader(fd, name, settings.memoryBytes);
  } catch (error) {
    throw new BeamError("protocol", `no shared memory where it was announced: ${(error as Error).message}`);
  }
}
