/**
 * Why a holder does not do what it is asked for.
 *
 * @module
 */

/**
 * `"denied"`: no access rule lets this user do that. `"absent"`: nothing is held
 * under the name. `"taken"`: something is held under it already. `"full"`: a
 * limit of held descriptors is reached. `"busy"`: there are too many clients, or
 * too many descriptors are on their way; try again. `"lost"`: descriptors did not
 * arrive, most likely since RLIMIT_NOFILE is reached. `"invalid"`: that was no
 * request, or no answer.
 */
export type HoldFailure = "denied" | "absent" | "taken" | "full" | "busy" | "lost" | "invalid";

/** All of them, as they stand on the wire. */
export const HOLD_FAILURES: readonly HoldFailure[] = ["denied", "absent", "taken", "full", "busy", "lost", "invalid"];

/** Thrown for what a holder did not do; nothing was done then. */
export class HoldError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "HoldError";
  /** The reason. */
  readonly reason: HoldFailure;

  /**
   * Describes what was not done.
   *
   * @param reason The reason.
   * @param message What was asked for, and what stands against it.
   * @param options What it comes from.
   */
  constructor(reason: HoldFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
