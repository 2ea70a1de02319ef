/**
 * Handing a server's listeners to its next version without a refused connection.
 *
 * @module
 */

export { HandoverError, type HandoverReason } from "./errors.ts";
export { Handover } from "./handover.ts";
export { type HandoverOptions } from "./options.ts";
export { type RetireOptions, retireServer } from "./retire.ts";
