/**
 * All that takes the C library, in the order in which it is told.
 *
 * @module
 */

import { CGROUP } from "./cgroup.ts";
import { DEVICES } from "./devices.ts";
import type { Check } from "./finding.ts";
import { KERNEL } from "./kernel.ts";
import { MEMORY } from "./memory.ts";
import { NAMESPACES } from "./namespaces.ts";
import { BROKER, HOLDER, RUNTIME_DIRECTORY } from "./places.ts";
import { PROCESSES } from "./processes.ts";
import { PTRACE } from "./ptrace.ts";
import { BACKLOG_CHECK, DATAGRAM_QUEUE, PIPES, SEND_BUFFER_CHECK } from "./queues.ts";
import { DESCRIPTORS, PROCESS_LIMIT } from "./resources.ts";
import { SERVICE_MANAGER } from "./service_manager.ts";
import { SOCK_DIAG } from "./sock_diag.ts";
import { STALE_SOCKETS } from "./stale_sockets.ts";
import { UNIX_SOCKETS } from "./unix_sockets.ts";
import { USER_NAMESPACES } from "./user_namespaces.ts";

export { DESCRIPTORS, isShortOfDescriptors } from "./resources.ts";
export { socketCheck } from "./stale_sockets.ts";

/** The checks. */
export const CHECKS: readonly Check[] = [
  KERNEL,
  UNIX_SOCKETS,
  MEMORY,
  DEVICES,
  SOCK_DIAG,
  PROCESSES,
  NAMESPACES,
  USER_NAMESPACES,
  PTRACE,
  CGROUP,
  DESCRIPTORS,
  PROCESS_LIMIT,
  BACKLOG_CHECK,
  DATAGRAM_QUEUE,
  SEND_BUFFER_CHECK,
  PIPES,
  SERVICE_MANAGER,
  RUNTIME_DIRECTORY,
  BROKER,
  HOLDER,
  STALE_SOCKETS,
];
