/**
 * How long one waits for what may still be on its way.
 *
 * @module
 */

/** How long an answer may still be on its way when all who could have sent it have ended, in milliseconds. */
export const SETTLE_MS = 100;
