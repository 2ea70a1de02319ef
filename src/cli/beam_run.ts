/**
 * Running the command for a message that `ipcx beam recv` has taken.
 *
 * @module
 */

import type { Credentials } from "../core/credentials.ts";
import type { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import type { Message } from "../core/message.ts";
import { openPath } from "../core/reach.ts";
import { preparePlan } from "../spawn/create.ts";
import type { ChildStream } from "../spawn/options.ts";
import { spawn } from "../spawn/spawn.ts";
import { becomeProgram, prepareWaiter } from "../spawn/waiter.ts";
import { optionsFor } from "./beam_exec.ts";
import { failedStart } from "./failed_start.ts";

function numberOf(stream: ChildStream | undefined, inherited: number, nothing: Fd): number {
  if (typeof stream === "object") return stream.number;
  return stream === "null" ? nothing.number : inherited;
}

/**
 * Becomes the command for a message.
 *
 * @param command The command and its arguments.
 * @param message The message.
 * @param peer Who was at the other end when the connection was made.
 * @returns Never; what fails when nothing is left of ipcx is told with the status of a shell.
 * @throws {Error} If the payload does not fit into its environment.
 */
export async function becomeCommand(
  command: readonly string[],
  message: Message,
  peer: Credentials,
): Promise<never> {
  const options = optionsFor(command, message, peer);
  using stack = new DisposableStack();
  const nothing = stack.use(openPath("/dev/null", OPEN.READ));
  const program = stack.use(await prepareWaiter());
  const streams = [numberOf(options.stdin, 0, nothing), numberOf(options.stdout, 1, nothing), 2] as const;
  becomeProgram(program, stack.use(preparePlan(options, streams)), [], "ipcx beam");
}

/**
 * Runs the command for a message, and waits for its end.
 *
 * @param command The command and its arguments.
 * @param message The message; its descriptors are closed when the command has them.
 * @param peer Who was at the other end when the connection was made.
 * @returns 0, or its exit status, 128 and the number of the signal that ended it,
 * 127 if there is no such program, 126 if it cannot be run.
 * @throws {Error} If the payload does not fit into its environment.
 */
export async function runCommand(
  command: readonly string[],
  message: Message,
  peer: Credentials,
): Promise<number> {
  const options = optionsFor(command, message, peer);
  try {
    const child = spawn(options);
    message[Symbol.dispose]();
    return (await child.status).code;
  } catch (error) {
    return failedStart("beam", error);
  }
}
