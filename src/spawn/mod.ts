/**
 * Processes in other namespaces, with sockets in their hands.
 *
 * @module
 */

export { ChildProcess, type ExitStatus, type ResourceUsage } from "./child_process.ts";
export { type NamespaceKind, type Namespaces } from "./namespaces.ts";
export { type ChildIdentity, type ChildResources, type ChildStream, type SpawnOptions } from "./options.ts";
export { type ResourceLimit } from "./rlimits.ts";
export { spawn } from "./spawn.ts";
