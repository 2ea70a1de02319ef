/**
 * Running the command for a message that has come.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { candidatesFor, Environment } from "../core/image.ts";
import { ERRNO, OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";
import { preparePlan } from "../spawn/create.ts";
import type { ChildStream, SpawnOptions } from "../spawn/options.ts";
import { isProgram } from "../spawn/program.ts";
import { spawn } from "../spawn/spawn.ts";
import { becomeProgram, prepareWaiter } from "../spawn/waiter.ts";
import { failedStart } from "./failed_start.ts";

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/**
 * Makes sure, before any message is lost to it, that a command can be run.
 *
 * @param program Its name or path.
 * @throws {SystemError} Of execve: ENOENT if there is none, EACCES if it is no program.
 */
export function insistOn(program: string): void {
  const candidates = candidatesFor(program, Environment.inherit());
  if (candidates.some(isProgram)) return;
  throw new SystemError("execve", candidates.some(isThere) ? ERRNO.EACCES : ERRNO.ENOENT, { address: program });
}

function numberOf(stream: ChildStream | undefined, inherited: number, nothing: Fd): number {
  if (typeof stream === "object") return stream.number;
  return stream === "null" ? nothing.number : inherited;
}

/**
 * Becomes the command.
 *
 * @param name The subcommand, for what fails when nothing is left of ipcx; that is told with the status of a shell.
 * @param options The command and what it has, which stays open until then.
 * @returns Never.
 */
export async function becomeCommand(name: string, options: SpawnOptions): Promise<never> {
  using stack = new DisposableStack();
  const nothing = stack.use(openPath("/dev/null", OPEN.READ));
  const program = stack.use(await prepareWaiter());
  const streams = [numberOf(options.stdin, 0, nothing), numberOf(options.stdout, 1, nothing), 2] as const;
  becomeProgram(program, stack.use(preparePlan(options, streams)), [], `ipcx ${name}`);
}

/**
 * Runs the command, and waits for its end.
 *
 * @param name The subcommand, for what fails.
 * @param options The command and what it has.
 * @param handedOver What is closed when the command has it.
 * @returns 0, or its exit status, 128 and the number of the signal that ended it,
 * 127 if there is no such program, 126 if it cannot be run.
 */
export async function runCommand(name: string, options: SpawnOptions, handedOver: Disposable): Promise<number> {
  try {
    const child = spawn(options);
    handedOver[Symbol.dispose]();
    return (await child.status).code;
  } catch (error) {
    return failedStart(name, error);
  }
}
