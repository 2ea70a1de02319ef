/**
 * How one process hands over to the next.
 *
 * @module
 */

import type { Credentials } from "../core/credentials.ts";
import type { SocketFileOptions } from "../core/socket_file.ts";
import type { HandoverError } from "./errors.ts";

/** How to take over, and how to hand over later. Mode and owner are those of a socket file at the address. */
export interface HandoverOptions extends SocketFileOptions {
  /** How long the old process may take to answer, and to let go, in milliseconds; by default 10 000. */
  timeout?: number;
  /** How long the next version may take to get ready, in milliseconds; by default 60 000. */
  readyTimeout?: number;
  /**
   * Decides who may take over, and from whom; by default processes of the same user, and of root.
   *
   * @param peer Who connected; or who first listened at the address, perhaps some versions ago.
   */
  allow?(peer: Credentials): boolean;
  /**
   * Tells what the next version is to know: bytes, or anything that can be written as JSON. It is called when the next
   * version asks; this process serves on until that one is ready.
   */
  state?(): unknown;
  /** The most bytes of state that are taken from the old process, by default 64 MiB. */
  maxStateBytes?: number;
  /**
   * Told of each process that asked and did not take over. This one serves on.
   *
   * @param error Why it did not.
   * @param candidate Who asked.
   */
  onFailure?(error: HandoverError, candidate: Credentials): void;
  /** Ends the wait for the old process with its reason. */
  signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_READY_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_STATE_BYTES = 67_108_864;

/** What setTimeout can wait, about 24 days. */
const MOST_MS = 0x7fffffff;

/** Options of which each is settled. */
export type Settings =
  & HandoverOptions
  & Required<Pick<HandoverOptions, "timeout" | "readyTimeout" | "maxStateBytes" | "allow">>;

/**
 * Puts in defaults for what was not said.
 *
 * @param options What was said.
 * @returns All that counts.
 * @throws {RangeError} For a time or size out of its range.
 */
export function settle(options: HandoverOptions): Settings {
  const settings = {
    ...options,
    timeout: options.timeout ?? DEFAULT_TIMEOUT_MS,
    readyTimeout: options.readyTimeout ?? DEFAULT_READY_TIMEOUT_MS,
    maxStateBytes: options.maxStateBytes ?? DEFAULT_MAX_STATE_BYTES,
    allow: options.allow ?? isSameUserOrRoot,
  };
  for (const name of ["timeout", "readyTimeout"] as const) {
    const ms = settings[name];
    if (!(ms >= 1 && ms <= MOST_MS)) throw new RangeError(`${name} is 1 to ${MOST_MS} milliseconds, not ${ms}`);
  }
  if (!(settings.maxStateBytes >= 0)) {
    throw new RangeError(`maxStateBytes is a number of bytes, not ${settings.maxStateBytes}`);
  }
  return settings;
}

/**
 * Lets in who could do anything with this process anyway.
 *
 * @param peer Somebody.
 * @returns Whether that is the same user, or root.
 */
export function isSameUserOrRoot(peer: Credentials): boolean {
  return peer.uid === Deno.uid() || peer.uid === 0;
}
