/**
 * The load from Deno: starts processes by `spawn()` or by `Deno.Command`, and
 * prints what `spawn_peer` prints.
 *
 *     spawn_deno.ts ipcx|command [--net FILE] [--in-flight N] [--warmup N] [--count N] [--ballast MIB] -- PROGRAM [ARG…]
 */

import { parseArgs } from "@std/cli/parse-args";
import { spawn } from "../src/spawn/spawn.ts";
import { median } from "./statistics.ts";

/** Starts a process and waits for its end. */
type Start = () => Promise<{ success: boolean }>;

function starter(how: string, net: string | undefined, [command, ...args]: string[]): Start {
  if (how === "ipcx") {
    const namespaces = net === undefined ? undefined : { net };
    return () => spawn({ command, args, namespaces }).status;
  }
  if (how !== "command" || net !== undefined) throw new Error("it is ipcx, or command without --net");
  const options = { args, stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
  return () => new Deno.Command(command, options).spawn().status;
}

async function run(start: Start, inFlight: number, count: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  let left = count;
  const oneAfterTheOther = async () => {
    while (left-- > 0) {
      const started = performance.now();
      if (!(await start()).success) throw new Error("the program failed");
      latenciesMs.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  return latenciesMs;
}

const given = parseArgs(Deno.args, {
  string: ["net", "in-flight", "warmup", "count", "ballast"],
  default: { "in-flight": "1", "warmup": "0", "count": "1", "ballast": "0" },
  "--": true,
});
const ballast = new Uint8Array(Number(given.ballast) * 1024 * 1024).fill(1);
const start = starter(`${given._[0]}`, given.net, given["--"]!);
await run(start, Number(given["in-flight"]), Number(given.warmup));
const startedMs = performance.now();
const latenciesMs = await run(start, Number(given["in-flight"]), Number(given.count));
const elapsedMs = performance.now() - startedMs;
console.log(JSON.stringify({
  count: latenciesMs.length,
  us_each: elapsedMs / latenciesMs.length * 1000,
  p50_us: median(latenciesMs) * 1000,
  ballast: ballast.length,
}));
