/**
 * Benchmark of messages with descriptors:
 *
 *     deno task bench:beam [--seed PATH] [--npm]
 *
 * Two processes, one sending and one receiving, by the library, by plain C, by
 * Docker's beam in Go and by packages from npm. `--help` lists the options.
 */

import { parseArgs } from "@std/cli/parse-args";
import { prepareCandidates, type Wanted } from "./beam_candidates.ts";
import { goVersion } from "./beam_go.ts";
import { measure } from "./beam_run.ts";
import { type BeamWorkload, WORKLOADS } from "./beam_workloads.ts";
import { describeMachine } from "./machine.ts";
import { type Plan, runMatrix } from "./matrix.ts";
import { runProgram, UsageError } from "./matrix_program.ts";
import type { Result } from "./matrix_report.ts";
import { nodeVersion } from "./npm.ts";

const HELP = `Usage: deno task bench:beam [OPTION…]

Messages per second with a descriptor and without one, and MB/s of large ones,
between two processes: ipcx, plain C, Docker's beam in Go, packages from npm.

  --seed PATH    the Go file of Docker's beam, which may have lines of a commit before it
  --npm          install usocket and node-unix-socket in a temporary folder, and run them under Node
  --mixed        also C to ipcx and ipcx to C, which tells which end is the slower one
  --only NAME,…  of ${WORKLOADS.map(({ name }) => name).join(", ")}; by default all
  --rounds N     measurements of each row (9)
  --messages N   small messages in a measurement (200000)
  --warmup N     small messages before it (50000): Deno compiles on the way
  --large N      messages of 1 MiB in a measurement (1000); a quarter of that before it
  --limit S      seconds that one measurement may take (120)
  --json         JSON instead of tables
  --help         this text
`;

interface Options {
  wanted: Wanted;
  plan: Plan<BeamWorkload>;
  json: boolean;
  help: boolean;
}

function parse(args: string[]): Options {
  const given = parseArgs(args, {
    string: ["seed", "only", "rounds", "messages", "warmup", "large", "limit"],
    boolean: ["npm", "mixed", "json", "help"],
    default: { rounds: "9", messages: "200000", warmup: "50000", large: "1000", limit: "120" },
    unknown: (name) => {
      throw new UsageError(`there is no '${name}'; see --help`);
    },
  });
  const number = (name: "rounds" | "messages" | "warmup" | "large" | "limit"): number => {
    const text = `${given[name]}`;
    if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text);
    throw new UsageError(`--${name} needs a whole number from 1`);
  };
  const names: string[] = given.only?.split(",") ?? WORKLOADS.map(({ name }) => name);
  const strange = names.find((asked) => !WORKLOADS.some(({ name }) => name === asked));
  if (strange !== undefined) throw new UsageError(`--only: there is no '${strange}'`);
  const large = number("large");
  return {
    wanted: { seed: given.seed, npm: given.npm, mixed: given.mixed },
    plan: {
      workloads: WORKLOADS.filter(({ name }) => names.includes(name)),
      rounds: number("rounds"),
      loadOf: ({ isBulk }) =>
        isBulk
          ? { warmup: Math.ceil(large / 4), messages: large }
          : { warmup: number("warmup"), messages: number("messages") },
      limitMs: number("limit") * 1000,
    },
    json: given.json,
    help: given.help,
  };
}

async function compareAll({ wanted, plan }: Options, interrupted: AbortSignal): Promise<Result> {
  const progress = (text: string) => console.error(text);
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "ipcx-bench-beam-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const candidates = await prepareCandidates(wanted, folder, progress);
  const { tables, missing } = await runMatrix(candidates, plan, measure, interrupted, progress);
  const takesPart = (start: string) => tables.some(({ rows }) => rows.some((row) => row.candidate.startsWith(start)));
  const toolchains = [
    ...(takesPart("Go,") ? [await goVersion()] : []),
    ...(takesPart("Node,") ? [await nodeVersion()] : []),
  ];
  return {
    title: "Messages between two processes over a Unix socket",
    method:
      "One end sends as fast as it can, the other receives and closes every descriptor; it counts from the last message " +
      "of the warm-up to the last of all.",
    machine: await describeMachine([]),
    toolchains,
    rounds: plan.rounds,
    tables,
    missing,
  };
}

if (import.meta.main) Deno.exit(await runProgram({ name: "bench/beam.ts", help: HELP, parse, compareAll }, Deno.args));
