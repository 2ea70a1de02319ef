/**
 * What calls return instead of waiting.
 *
 * @module
 */

/** The result of a call that would have had to wait. */
export const WOULD_BLOCK: unique symbol = Symbol("would block");
