/**
 * Parents of processes that are to die with them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { isAlive, Process, until } from "../cli/program.ts";
import { ownProgram } from "./own_program.ts";

/**
 * Starts a program that starts `cat` in these ways.
 *
 * @param program Its file.
 * @param ways How each is started.
 * @returns The program, and the pids of all, which run.
 */
export async function parentOf(
  program: string,
  ways: readonly unknown[],
): Promise<{ parent: Process; pids: number[] }> {
  const parent = new Process([...ownProgram(program), JSON.stringify(ways)], { input: "open" });
  await parent.says("ready");
  return { parent, pids: parent.err.match(/\d+/g)!.map(Number) };
}

/**
 * Kills a parent: all but the first of its processes must die with it.
 *
 * @param program Its file.
 * @param ways How each is started; the first has no death signal.
 */
export async function killedTakesAlong(program: string, ways: readonly unknown[]): Promise<void> {
  const { parent, pids } = await parentOf(program, ways);
  assertEquals(pids.map(isAlive), ways.map(() => true));
  parent.kill("SIGKILL");
  await parent.ended();
  const [free, ...bound] = pids;
  await until(() => !bound.some(isAlive), "somebody lives on");
  assert(isAlive(free), "it had no death signal");
  Deno.kill(free, "SIGKILL");
  await parent[Symbol.asyncDispose]();
}
