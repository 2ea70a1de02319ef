/**
 * What a broker allows, and the least it promises.
 *
 * @module
 */

import { MAX_UNCLOSED } from "../core/bulk_close.ts";

/** The limits of a broker. At each of them the newcomer is refused; nobody who waits is thrown out. */
export interface Limits {
  /** Connections at once, 1 or more. */
  maxClients: number;
  /** Connections at once of one user, 1 or more. */
  maxClientsPerUid: number;
  /** Clients that wait for one key in one mode, 1 or more. */
  maxWaitingPerKey: number;
  /** Time to send the whole request, in milliseconds; 0 for no limit. */
  requestTimeout: number;
  /** Time to wait for a peer, in milliseconds; 0 for no limit. */
  pairTimeout: number;
  /** Connections accepted from one user per second; 0 for no limit. A second's worth may come at once. */
  connectionsPerSecond: number;
}

/** The longest time that timers can wait, in milliseconds: 24 days. */
const MAX_TIMEOUT_MS = 0x7fffffff;

/** Descriptors that are left for what is no client: listeners, the pair being made, control, the runtime's own, connections about to be closed. */
const RESERVED_DESCRIPTORS = 64 + MAX_UNCLOSED;

/**
 * Gives the limits that hold unless others are set.
 *
 * @param descriptorLimit RLIMIT_NOFILE, which no number of clients can exceed.
 * @param asked How many clients are asked for, if that is set.
 * @returns The limits: as many clients as there are descriptors for, of which
 * one user may take nine tenths, so that it cannot shut out everybody else.
 */
export function defaultLimits(descriptorLimit: number, asked?: number): Limits {
  const descriptors = Math.min(descriptorLimit, 1_048_576);
  const reserved = Math.min(RESERVED_DESCRIPTORS, Math.floor(descriptors / 2));
  const maxClients = asked ?? Math.max(2, descriptors - reserved);
  return {
    maxClients,
    maxClientsPerUid: Math.max(Math.min(2, maxClients), Math.floor(maxClients * 0.9)),
    maxWaitingPerKey: 1024,
    requestTimeout: 5000,
    pairTimeout: 0,
    connectionsPerSecond: 0,
  };
}

/**
 * Makes sure that limits are in their ranges.
 *
 * @param limits The limits.
 * @throws {RangeError} Naming the first that is not.
 */
export function checkLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits)) {
    const least = name.startsWith("max") ? 1 : 0;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`${name} is a whole number of ${least} or more, not ${value}`);
    }
    if (name.endsWith("Timeout") && value > MAX_TIMEOUT_MS) {
      throw new RangeError(`${name} is at most ${MAX_TIMEOUT_MS} ms, not ${value}`);
    }
  }
}
