/**
 * A holder of descriptors, and how to ask it for them.
 *
 * @module
 */

export { HOLD_OPERATIONS, HoldAccess, type HoldAccessRequest, type HoldOperation } from "./access.ts";
export { type HolderCallOptions, HolderClient, type HolderClientOptions, type StoreOptions } from "./client.ts";
export { defaultHolderAddress } from "./defaults.ts";
export { type HeldDescriptor } from "./held_descriptor.ts";
export { HoldError, type HoldFailure } from "./hold_error.ts";
export { FdHolder, type FdHolderOptions, type HolderStatus, type HoldOptions } from "./holder.ts";
export { type HolderLimits } from "./limits.ts";
export { type OpenedListener, openListener } from "./listen_target.ts";
