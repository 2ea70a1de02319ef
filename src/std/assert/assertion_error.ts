/**
 * The error every failed assertion throws.
 *
 * @example
 * ```ts
 * import { AssertionError } from "@std/assert";
 *
 * const error = new AssertionError("the socket is still open");
 * console.log(error.name); // AssertionError
 * ```
 */
export class AssertionError extends Error {
  /**
   * Creates the error.
   *
   * @param message What was expected and did not hold.
   * @param options The cause, as for any `Error`.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/**
 * Throws with the caller's own message behind the assertion's.
 *
 * @param reason What the assertion found.
 * @param msg The caller's message, if one was given.
 * @param details Lines to print after the message.
 * @returns Never.
 * @throws {AssertionError} Always.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { failWith } from "./assertion_error.ts";
 *
 * assertThrows(() => failWith("Expected a peer", "while joining"));
 * ```
 */
export function failWith(reason: string, msg?: string, details = ""): never {
  throw new AssertionError(`${reason}${msg ? `: ${msg}` : "."}${details}`);
}
