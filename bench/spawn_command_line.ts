/** The command line: how long until CMD's main is reached, and what waits meanwhile. */

import { check } from "../src/core/errors.ts";
import { native } from "../src/core/native.ts";
import { spawn } from "../src/spawn/spawn.ts";
import { executable, proportionalBytes, quiet, residentBytes } from "./process_stats.ts";
import { CHILD, findProgram } from "./spawn_candidates.ts";
import { median, spread } from "./statistics.ts";

/** What the others are compared with. */
export const BARE = "deno run of an empty file, to its end";

/** One way to start a command. */
export interface Start {
  name: string;
  ms: number;
  leastMs: number;
  spread: number;
  /** The median by that of {@linkcode BARE}. */
  byBare: number;
}

/** The process that waits for CMD. */
export interface Waiter {
  program: string;
  residentBytes: number;
  proportionalBytes: number;
}

export interface CommandLine {
  runs: number;
  starts: Start[];
  waiter: Waiter;
}

const clock = new BigInt64Array(1);

/** The clock that CMD reads as well. */
function now(): bigint {
  check(native.ipcx_monotonic_time(clock), "clock_gettime");
  return clock[0];
}

/** Runs a command; the time is that of CMD's main if it prints one, else that of its end. */
async function timed([command, ...args]: string[]): Promise<number> {
  const begin = now();
  const child = spawn({ command, args, stdin: "null", stdout: "piped" });
  const text = await new Response(child.stdout).text();
  if (!(await child.status).success) throw new Error(`${command} ${args.join(" ")} failed`);
  const end = text === "" ? now() : BigInt(text.split(" ")[0]);
  return Number(end - begin) / 1e6;
}

function ipcx(net: string, ...args: string[]): string[] {
  const cli = new URL("../cli.ts", import.meta.url).pathname;
  return [Deno.execPath(), "run", "--quiet", "--allow-all", cli, "spawn", `--net=${net}`, "--", CHILD, ...args];
}

async function measureWaiter(net: string): Promise<Waiter> {
  const [command, ...args] = ipcx(net, "wait");
  const child = spawn({ command, args, stdin: "piped", stdout: "piped" });
  const reader = child.stdout.getReader();
  try {
    const line = new TextDecoder().decode((await reader.read()).value);
    const pid = Number(line.split(" ")[1]);
    if (!(pid > 1)) throw new Error(`CMD has no parent: '${line}'`);
    // CMD may be there before the runtime has made room for the waiter.
    await quiet(pid);
    return {
      program: `${await executable(pid)}${pid === child.pid ? ", the pid that was started" : ""}`,
      residentBytes: await residentBytes(pid),
      proportionalBytes: await proportionalBytes(pid),
    };
  } finally {
    await child.stdin.close();
    await reader.cancel();
    await child.status;
  }
}

/** Measures the command line, one run of each after the other. */
export async function measureCommandLine(
  net: string,
  runs: number,
  progress: (text: string) => void,
): Promise<CommandLine> {
  const directory = await Deno.makeTempDir({ prefix: "ipcx-bench-" });
  try {
    await Deno.writeTextFile(`${directory}/empty.ts`, "");
    const nsenter = findProgram("nsenter");
    const commands = new Map([
      [BARE, [Deno.execPath(), "run", `${directory}/empty.ts`]],
      ["ipcx spawn --net, to CMD's main", ipcx(net, "clock")],
    ]);
    if (nsenter !== undefined) commands.set("nsenter --net, to CMD's main", [nsenter, `--net=${net}`, CHILD, "clock"]);
    const times = new Map(Array.from(commands.keys(), (name): [string, number[]] => [name, []]));
    for (const command of commands.values()) await timed(command);
    progress(`command line: ${runs} runs`);
    for (let run = 0; run < runs; run++) {
      for (const [name, command] of commands) times.get(name)!.push(await timed(command));
    }
    const bare = median(times.get(BARE)!);
    const starts = Array.from(times, ([name, ms]) => ({
      name,
      ms: median(ms),
      leastMs: Math.min(...ms),
      spread: spread(ms),
      byBare: median(ms) / bare,
    }));
    return { runs, starts, waiter: await measureWaiter(net) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
