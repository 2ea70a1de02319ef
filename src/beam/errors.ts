/**
 * What can be wrong with messages.
 *
 * @module
 */

/**
 * What was wrong: `"too-large"`: a message is above the limit, or a packet was
 * cut; `"descriptors-lost"`: the kernel could not deliver descriptors;
 * `"cut-off"`: the connection ended within a message; `"protocol"`: what came
 * is no message.
 */
export type BeamErrorCode = "too-large" | "descriptors-lost" | "cut-off" | "protocol";

/** A message that could not be sent or received. */
export class BeamError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "BeamError";
  /** What was wrong. */
  readonly code: BeamErrorCode;
  /** The bytes of a message whose descriptors were lost. */
  readonly data?: Uint8Array<ArrayBuffer>;

  /**
   * Describes what was wrong.
   *
   * @param code The kind of fault.
   * @param message What was found, and what to do.
   * @param data The bytes of the message, where they are whole.
   */
  constructor(code: BeamErrorCode, message: string, data?: Uint8Array<ArrayBuffer>) {
    super(message);
    this.code = code;
    if (data) this.data = data;
  }
}

/**
 * The error for descriptors that the kernel could not deliver.
 *
 * @param data The bytes of the message they belong to.
 * @returns The error.
 */
export function descriptorsLost(data: Uint8Array<ArrayBuffer>): BeamError {
  return new BeamError(
    "descriptors-lost",
    "the kernel could not deliver a message's descriptors (MSG_CTRUNC): RLIMIT_NOFILE is reached, " +
      "or a security module refused them; close some, or raise the limit",
    data,
  );
}
