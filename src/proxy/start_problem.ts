/**
 * What a client is told when its process could not be started.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Problem } from "./problem.ts";

/**
 * Says why a process could not be started, in words that hold no secrets.
 *
 * @param error What was thrown, or told.
 * @returns What the client is told, with the whole message for the log.
 */
export function startProblem(error: unknown): Problem {
  const reason = (error as Error).message;
  const code = error instanceof SystemError ? error.code : undefined;
  // How much they may have in all depends on limits that only execve(2) knows.
  if (code === "E2BIG") return { status: 413, detail: "the arguments and variables together are too long", reason };
  return { status: 502, detail: `the program could not be started${code === undefined ? "" : ` (${code})`}`, reason };
}
