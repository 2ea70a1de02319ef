/**
 * What is looked at, by name; known without the C library, which may be what fails.
 *
 * @module
 */

/** The names of all checks, in the order in which they are told. */
export const CHECK_NAMES = [
  "program",
  "proc",
  "library",
  "container",
  "sandbox",
  "security-module",
  "kernel",
  "unix-sockets",
  "memory",
  "devices",
  "sock-diag",
  "processes",
  "namespaces",
  "user-namespaces",
  "ptrace",
  "cgroup",
  "descriptors",
  "process-limit",
  "backlog",
  "datagram-queue",
  "send-buffer",
  "pipes",
  "service-manager",
  "runtime-directory",
  "broker",
  "holder",
  "stale-sockets",
] as const;

/** The name of a check. */
export type CheckName = typeof CHECK_NAMES[number];
