/**
 * Why one process does not take over from another.
 *
 * @module
 */

/**
 * Why a handover failed.
 *
 * The new process is refused as `"busy"` (another one is being handed over to),
 * `"not ready"` (the old one does not serve itself yet), `"not allowed"` (it is
 * another user's) or `"late"` (it was not ready in time). Either may find the
 * other to be silent (`"timeout"`), to have `"ended"`, to have `"failed"` to pass
 * something on, or not to keep to the `"protocol"`.
 */
export type HandoverReason =
  | "busy"
  | "not ready"
  | "not allowed"
  | "late"
  | "timeout"
  | "ended"
  | "failed"
  | "protocol";

/** Every reason, as it stands in a packet. */
export const REASONS: readonly HandoverReason[] = [
  "busy",
  "not ready",
  "not allowed",
  "late",
  "timeout",
  "ended",
  "failed",
  "protocol",
];

/** A handover that did not come about; whoever served goes on to serve. */
export class HandoverError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "HandoverError";
  /** Why, for decisions. */
  readonly reason: HandoverReason;

  /**
   * Describes a failed handover.
   *
   * @param reason Why, for decisions.
   * @param message Why, for people.
   * @param cause The error behind it, if there is one.
   */
  constructor(reason: HandoverReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
