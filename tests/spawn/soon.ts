/**
 * Starting processes by `spawnSoon` and looking at what comes of it.
 *
 * @module
 */

import { adoptReader } from "../../src/core/adoption.ts";
import { type ChildProcess, type SoonOptions, spawnSoon, type Started } from "../../src/spawn/mod.ts";
import { within } from "../cli/program.ts";

const decoder = new TextDecoder();

/** What was told of a process, with what it had printed by then. */
export interface Told extends Pick<Started, "child" | "pipes"> {
  /** To standard output and standard error. */
  readonly printed: readonly [string, string];
}

/**
 * Starts a process.
 *
 * @param options How to start it.
 * @returns What is told of it; rejected if it cannot be started.
 */
export function startSoon(options: SoonOptions): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  spawnSoon(options, {
    onStarted({ child, pipes, printed: [out, err] }) {
      resolve({ child, pipes, printed: [decoder.decode(out), decoder.decode(err)] });
    },
    onFailed: reject,
  });
  return within(promise, `nothing is told of ${options.command}`);
}

/** What came of a process. */
export interface Ended {
  /** The process. */
  readonly child: ChildProcess;
  /** All of standard output. */
  readonly out: string;
  /** All of standard error. */
  readonly err: string;
}

/**
 * Runs a process to its end, and that of its streams.
 *
 * @param options How to start it.
 * @returns What came of it.
 */
export async function runSoon(options: SoonOptions): Promise<Ended> {
  return await restOf(await startSoon(options));
}

/**
 * Waits until a process has ended, and its streams have.
 *
 * @param told What was told of it.
 * @returns What came of it.
 */
export async function restOf({ child, printed, pipes }: Told): Promise<Ended> {
  const rest = (at: 0 | 1) => pipes[at] ? new Response(adoptReader(pipes[at])).text() : "";
  const all = Promise.all([rest(0), rest(1), child.status]);
  const [out, err] = await within(all, "it does not end");
  return { child, out: printed[0] + out, err: printed[1] + err };
}

/** Closes what was handed over. */
export function closePipes({ pipes }: Pick<Told, "pipes">): void {
  for (const pipe of pipes) pipe?.close();
}

/** A line of shell, as options. */
export function line(text: string): Pick<SoonOptions, "command" | "args"> {
  return { command: "sh", args: ["-c", text] };
}
