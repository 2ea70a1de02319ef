/**
 * What a managed process is made of, whether it was started or taken over.
 *
 * @module
 */

import type { ChildProcess } from "./child_process.ts";
import type { PipeLines } from "./log_lines.ts";
import type { ManagedSocket } from "./managed_socket.ts";
import type { Readiness } from "./readiness.ts";
import type { RunningProcess } from "./taken_over.ts";

/** What a managed process is made of; all of it is the process's. */
export interface ManagedParts {
  /** What it is known by. */
  identifier: string;
  /** Its uuid. */
  uuid: string;
  /** Its program. */
  command: string;
  /** When it was started. */
  startedAt: Date;
  /** The process. */
  running: RunningProcess;
  /** The same, if it is our child. */
  child?: ChildProcess;
  /** Its process id as it sees it. */
  ownPid: number;
  /** Its socket. */
  socket?: ManagedSocket;
  /** What it prints. */
  lines: readonly PipeLines[];
  /** Whether it is ready. */
  readiness: Readiness;
  /** Whether it has not been resumed yet. */
  isPaused: boolean;
  /** How long it may take to end, in milliseconds. */
  grace: number;
  /** All that is to be closed when it has ended. */
  resources: Disposable;
}
