/**
 * Starting processes by `spawn` and looking at what comes of it.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { type ExitStatus, spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { within } from "../cli/program.ts";

/** What came of a process. */
export interface Output {
  /** How it ended. */
  status: ExitStatus;
  /** All of standard output. */
  out: string;
  /** All of standard error. */
  err: string;
}

/**
 * Runs a process to its end.
 *
 * @param options How to start it; its standard output and error are pipes.
 * @returns What came of it.
 */
export async function outputOf(options: Omit<SpawnOptions, "stdout" | "stderr">): Promise<Output> {
  const child = spawn({ stdin: "null", ...options, stdout: "piped", stderr: "piped" });
  const all = Promise.all([child.status, new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const [status, out, err] = await within(all, `${options.command} does not end`);
  return { status, out, err };
}

/**
 * Runs a process that has to succeed and say nothing on standard error.
 *
 * @param options How to start it.
 * @returns Its standard output, without the last line's end.
 */
export async function told(options: Omit<SpawnOptions, "stdout" | "stderr">): Promise<string> {
  const { status, out, err } = await outputOf(options);
  assertEquals([status.code, err], [0, ""], out);
  return out.replace(/\n$/, "");
}

/** What a shell says; for scripts of one line. */
export async function shell(script: string, options: Omit<SpawnOptions, "command" | "args"> = {}): Promise<string> {
  return await told({ ...options, command: "sh", args: ["-c", script] });
}

/**
 * Reads what programs/look.c says.
 *
 * @param options How to start it.
 * @returns What it says, by name.
 */
export async function look(options: Omit<SpawnOptions, "stdout" | "stderr">): Promise<Record<string, string>> {
  const lines = (await told(options)).split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

/** The children of a process, those included that have ended and are not reaped. */
export function childrenOf(pid: number): number[] {
  const threads = Array.from(Deno.readDirSync(`/proc/${pid}/task`), ({ name }) => name);
  const lists = threads.map((thread) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/task/${thread}/children`);
    } catch {
      return ""; // The thread has ended.
    }
  });
  return lists.join(" ").match(/\d+/g)?.map(Number).sort((one, other) => one - other) ?? [];
}

/**
 * Expects that a process cannot be started, and that nothing is left of it.
 *
 * @param options How to start it.
 * @returns The error.
 */
export function refusal(options: SpawnOptions): SystemError {
  const before = childrenOf(Deno.pid);
  const error = assertThrows(() => spawn({ stdin: "null", ...options }), SystemError);
  // One from before may have been reaped meanwhile.
  const left = childrenOf(Deno.pid).filter((pid) => !before.includes(pid));
  assertEquals(left, [], `a process is left: ${error.message}`);
  return error;
}
