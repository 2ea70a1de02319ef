/**
 * Benchmark of starting processes in another network namespace, as root:
 *
 *     deno task bench:spawn
 *
 * First the library: `spawn()` until `status`, against the same in C, nsenter,
 * Go's os/exec and `Deno.Command`. Then the command line: `ipcx spawn` until the
 * main of its command, against a bare `deno run` and nsenter; and what waits
 * while the command runs.
 *
 * | option | default | |
 * | --- | --- | --- |
 * | `--rounds N` | 9 | measurements of each row |
 * | `--count N` | 300 | processes in a measurement |
 * | `--warmup N` | 1000 | processes before it: Deno compiles on the way |
 * | `--in-flight N,…` | 1,8 | processes at a time |
 * | `--ballast N,…` | 0,1024 | MiB that the parent has touched |
 * | `--starts N` | 30 | runs of each command line |
 * | `--only library`, `--only cli` | both | one half of it |
 * | `--json` | | JSON instead of a table |
 */

import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "./machine.ts";
import { makeNetworkNamespace } from "./network_namespace.ts";
import { prepareCandidates } from "./spawn_candidates.ts";
import { measureCommandLine } from "./spawn_command_line.ts";
import { type Plan, runMatrix } from "./spawn_matrix.ts";
import { renderReport, type Result } from "./spawn_report.ts";

interface Options {
  plan: Plan;
  starts: number;
  only?: string;
  json: boolean;
}

class UsageError extends Error {}

function parse(args: string[]): Options {
  const given = parseArgs(args, {
    string: ["rounds", "count", "warmup", "in-flight", "ballast", "starts", "only"],
    boolean: ["json"],
    default: {
      "rounds": "9",
      "count": "300",
      "warmup": "1000",
      "in-flight": "1,8",
      "ballast": "0,1024",
      "starts": "30",
    },
  });
  const numbers = (name: string, least: number): number[] =>
    `${given[name]}`.split(",").map((text) => {
      if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
      throw new UsageError(`--${name} needs whole numbers from ${least}`);
    });
  const number = (name: string, least: number): number => {
    const [first, ...rest] = numbers(name, least);
    if (rest.length > 0) throw new UsageError(`--${name} needs one number`);
    return first;
  };
  if (given.only !== undefined && !["library", "cli"].includes(given.only)) {
    throw new UsageError("--only is library or cli");
  }
  return {
    plan: {
      inFlight: numbers("in-flight", 1),
      ballast: numbers("ballast", 0),
      rounds: number("rounds", 1),
      count: number("count", 1),
      warmup: number("warmup", 0),
    },
    starts: number("starts", 1),
    only: given.only,
    json: Boolean(given.json),
  };
}

async function measure({ plan, starts, only }: Options): Promise<Result> {
  const progress = (text: string) => console.error(text);
  await using namespace = await makeNetworkNamespace();
  const { candidates, missing } = prepareCandidates(namespace.file);
  const rows = only === "cli" ? [] : await runMatrix(candidates, plan, progress);
  const commandLine = only === "library" ? undefined : await measureCommandLine(namespace.file, starts, progress);
  return { machine: await describeMachine([]), plan, missing, rows, commandLine };
}

async function main(args: string[]): Promise<number> {
  try {
    const options = parse(args);
    const result = await measure(options);
    console.log(options.json ? JSON.stringify(result, null, 2) : renderReport(result));
    return 0;
  } catch (error) {
    console.error(`bench/spawn.ts: ${error instanceof Error ? error.message : error}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
