/**
 * Processes in other namespaces, with sockets in their hands.
 *
 * @module
 */

export { cgroupDirectory } from "./cgroup.ts";
export { ChildProcess } from "./child_process.ts";
export { type ExitStatus, type ResourceUsage } from "./exit_status.ts";
export { type LineSink, type LogLine } from "./log_lines.ts";
export {
  type ManagedOptions,
  type ManagedSocketOptions,
  type ProcessManagerOptions,
  type ReadyWhen,
} from "./managed_options.ts";
export { ManagedProcess, type ProcessState } from "./managed_process.ts";
export { type NamespaceKind } from "../core/process_folder.ts";
export { type Namespaces } from "./namespaces.ts";
export { type ChildIdentity, type ChildResources, type ChildStream, type SpawnOptions } from "./options.ts";
export { ProcessEvent, type ProcessEventDetails, ProcessEvents, type ProcessEventType } from "./process_events.ts";
export { type ProcessCounters, ProcessManager } from "./process_manager.ts";
export { type ResourceLimit } from "./rlimits.ts";
export { type Started, type StartHandler } from "./runner.ts";
export { spawn } from "./spawn.ts";
export { type SoonOptions, spawnSoon } from "./spawn_soon.ts";
export { type EndStatus } from "./taken_over.ts";
