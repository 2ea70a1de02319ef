/**
 * Names that nobody serves, and how an endpoint says so.
 *
 * Whoever asks for a name waits for a descriptor. A message without one, which
 * Docker's `Receive` skips, tells why none comes; then the channel is closed. Docker's
 * `SendPipe` keeps its copy of the end that it sends until that is collected as
 * garbage: its caller hears of the end only then.
 *
 * @module
 */

import { letOthersRun } from "../../core/fairness.ts";
import type { Message } from "../../core/message.ts";
import type { Beam } from "../beam.ts";

/** Why the other endpoint gives no connection. */
export type Refusal = "unknown" | "busy";

/**
 * Why there is no connection: `"unknown"`: the peer does not accept the name;
 * `"busy"`: the peer has as many channels as it may; `"unanswered"`: the peer
 * closed the channel, or has ended, without a word; `"ended"`: the endpoint's
 * own beam has ended, and there is no other.
 */
export type NoServiceReason = Refusal | "unanswered" | "ended";

const PAYLOADS: Readonly<Record<Refusal, string>> = {
  unknown: "ipcx: nobody accepts this name",
  busy: "ipcx: too many channels",
};

const MEANINGS: Readonly<Record<NoServiceReason, string>> = {
  unknown: "the peer does not accept this name",
  busy: "the peer has as many channels open as it may",
  unanswered: "the peer ended, or closed the channel, without giving a connection",
  ended: "the connection to the peer has ended",
};

/** Thrown if a name leads to no connection. */
export class NoServiceError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "NoServiceError";
  /** The name that was asked for. */
  readonly service: string;
  /** Why there is no connection. */
  readonly reason: NoServiceReason;

  /**
   * Tells of a name.
   *
   * @param service The name that was asked for.
   * @param reason Why there is no connection.
   * @param cause What failed, if anything did.
   */
  constructor(service: string, reason: NoServiceReason, cause?: unknown) {
    super(`no connection to "${service}": ${MEANINGS[reason]}`, { cause });
    this.service = service;
    this.reason = reason;
  }
}

/**
 * Says that there will be no connection, and closes the channel.
 *
 * @param channel The channel of whoever asked; closed.
 * @param refusal Why.
 * @returns When that is done, in a moment; it does not fail.
 */
export async function refuse(channel: Beam, refusal: Refusal): Promise<void> {
  using _closedAtTheEnd = channel;
  const sent = channel.send(PAYLOADS[refusal]).catch(() => {});
  // There is room for it in a fresh channel, but others may have a turn first; with a full one nobody waits.
  await Promise.race([sent, othersHaveRun()]);
}

async function othersHaveRun(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await letOthersRun();
}

/**
 * Finds out whether a message says that there will be no connection.
 *
 * @param message The message.
 * @returns Why, or `undefined` if it says nothing of the kind.
 */
export function refusalIn(message: Message): Refusal | undefined {
  if (message.fds.length > 0 || message.controlTruncated) return undefined;
  const { text } = message;
  return text === PAYLOADS.unknown ? "unknown" : text === PAYLOADS.busy ? "busy" : undefined;
}
