/**
 * The exit status of a command that could not be started.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";

/**
 * Tells that a program could not be started.
 *
 * @param name The subcommand that was to start it.
 * @param error What was thrown; all but a failure of execve is thrown on.
 * @returns The exit status that a shell gives: 127 if there is no such program, 126 if it cannot be run.
 */
export function failedStart(name: string, error: unknown): number {
  if (!(error instanceof SystemError) || error.syscall !== "execve") throw error;
  console.error(`ipcx ${name}: ${error.message}`);
  return error.code === "ENOENT" ? 127 : 126;
}
