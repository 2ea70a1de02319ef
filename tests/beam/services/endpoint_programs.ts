/**
 * Endpoints in processes of their own.
 *
 * @module
 */

import { Process, ROOT } from "../../cli/program.ts";

/**
 * Starts a program of tests/beam/programs, and waits until it listens.
 *
 * @param program The file.
 * @param args Its arguments.
 * @returns The process.
 */
export async function startListening(program: string, ...args: string[]): Promise<Process> {
  const command = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}tests/beam/programs/${program}`, ...args];
  const process = new Process(command);
  try {
    await process.says("listening");
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
  return process;
}
