/**
 * One instance of a program on a host: a lock that is a name, and that vanishes
 * with its holder.
 *
 * @module
 */

export { acquireInstance, type AcquireOptions, type InstanceStatus, instanceStatus } from "./acquire.ts";
export { type InstanceKeeper } from "./bound_sockets.ts";
export { type HeldErrorParts, InstanceHeldError } from "./held_error.ts";
export { type InstanceHolder } from "./holder.ts";
export { Instance } from "./instance.ts";
