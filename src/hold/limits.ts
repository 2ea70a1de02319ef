/**
 * What a holder allows.
 *
 * @module
 */

import { MAX_FDS_PER_MESSAGE } from "../core/linux.ts";

/** The limits of a holder. At each of them the newcomer is refused; nothing that is held is let go. */
export interface HolderLimits {
  /** Descriptors held at once, 1 or more. */
  maxHeld: number;
  /** Descriptors held at once for one user, 1 or more. */
  maxHeldPerUid: number;
  /** Connections at once, 1 or more. */
  maxClients: number;
  /** Connections at once of one user, 1 or more. */
  maxClientsPerUid: number;
  /** Time to send each request, in milliseconds; 0 for no limit. */
  requestTimeout: number;
}

/** The longest time that timers can wait, in milliseconds: 24 days. */
export const MAX_TIME_MS = 0x7fffffff;

const DEFAULT_CLIENTS = 256;
const DEFAULT_CLIENTS_PER_UID = 64;

/** Descriptors that are left for what is neither held nor a client: the runtime's own, sockets, logs. */
const RESERVED_DESCRIPTORS = 64;

/**
 * Gives the limits that hold unless others are set.
 *
 * @param descriptorLimit RLIMIT_NOFILE, which no number of descriptors can exceed.
 * @param asked The limits that others are derived from, if those are set.
 * @returns The limits: as many descriptors as there is room for beside clients and
 * the largest packet, of which one user may take nine tenths, so that it cannot
 * shut out everybody else.
 */
export function defaultHolderLimits(
  descriptorLimit: number,
  asked: Pick<Partial<HolderLimits>, "maxHeld" | "maxClients"> = {},
): HolderLimits {
  const descriptors = Math.min(descriptorLimit, 1_048_576);
  const maxClients = asked.maxClients ?? Math.min(DEFAULT_CLIENTS, Math.max(1, Math.floor(descriptors / 8)));
  const reserved = RESERVED_DESCRIPTORS + MAX_FDS_PER_MESSAGE + maxClients;
  const maxHeld = asked.maxHeld ?? Math.max(1, descriptors - Math.min(reserved, Math.ceil(descriptors * 0.75)));
  return {
    maxHeld,
    maxHeldPerUid: Math.max(1, Math.floor(maxHeld * 0.9)),
    maxClients,
    maxClientsPerUid: Math.min(DEFAULT_CLIENTS_PER_UID, Math.max(1, Math.floor(maxClients / 4))),
    requestTimeout: 5000,
  };
}

/**
 * Makes sure that limits are in their ranges.
 *
 * @param limits The limits.
 * @throws {RangeError} Naming the first that is not.
 */
export function checkHolderLimits(limits: HolderLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    const least = name.startsWith("max") ? 1 : 0;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`${name} is a whole number of ${least} or more, not ${value}`);
    }
  }
  if (limits.requestTimeout > MAX_TIME_MS) {
    throw new RangeError(`requestTimeout is at most ${MAX_TIME_MS} ms, not ${limits.requestTimeout}`);
  }
}

/**
 * Makes sure that a time can be waited for.
 *
 * @param ms How long a descriptor is to be held, in milliseconds; 0 for ever.
 * @returns The same.
 * @throws {RangeError} If it cannot.
 */
export function checkExpiry(ms: number): number {
  if (Number.isInteger(ms) && ms >= 0 && ms <= MAX_TIME_MS) return ms;
  throw new RangeError(`expire is a whole number of milliseconds from 0 to ${MAX_TIME_MS}, not ${ms}`);
}
