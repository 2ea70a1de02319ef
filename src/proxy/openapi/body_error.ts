/**
 * Why a body cannot be read.
 *
 * @module
 */

/** Thrown for a body that cannot be read; the message says why. */
export class BodyError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "BodyError";
  /** The status to refuse a request with. */
  readonly status: 400 | 415;

  /**
   * Refuses a body.
   *
   * @param status 400 for a broken body, 415 for what cannot be read here.
   * @param message Why, to follow after "body".
   * @param options What was caught.
   */
  constructor(status: 400 | 415, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
