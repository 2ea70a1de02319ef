/**
 * Benchmark of bare Unix sockets:
 *
 *     deno task bench:sockets [--npm]
 *
 * Two processes, one sending and one receiving, by the library, by plain C and by
 * packages from npm. `--help` lists the options.
 */

import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "./machine.ts";
import { type Plan, runMatrix } from "./matrix.ts";
import { runProgram, UsageError } from "./matrix_program.ts";
import type { Result } from "./matrix_report.ts";
import { nodeVersion } from "./npm.ts";
import { prepareCandidates } from "./sockets_candidates.ts";
import { measure } from "./sockets_run.ts";
import { type SocketWorkload, WORKLOADS } from "./sockets_workloads.ts";

const HELP = `Usage: deno task bench:sockets [OPTION…]

Messages per second and MB/s between two processes over bare Unix sockets of each
type, one by one and many in a call, and files without a copy: ipcx, plain C,
packages from npm.

  --npm          install unix-dgram and node-unix-socket in a temporary folder, and run them under Node
  --mixed        also C to ipcx and ipcx to C, which tells which end is the slower one
  --only NAME,…  of ${WORKLOADS.map(({ name }) => name).join(", ")}; by default all
  --rounds N     measurements of each row (9)
  --messages N   messages in a measurement (300000); a quarter of it of 4 KiB
  --warmup N     messages before it (100000): Deno compiles on the way
  --bytes N      MB in a measurement of large messages (2000); a quarter of that before it
  --limit S      seconds that one measurement may take (120)
  --json         JSON instead of tables
  --help         this text
`;

interface Options {
  wanted: { npm: boolean; mixed: boolean };
  plan: Omit<Plan<SocketWorkload>, "loadOf">;
  messages: number;
  warmup: number;
  bytes: number;
  json: boolean;
  help: boolean;
}

function parse(args: string[]): Options {
  const given = parseArgs(args, {
    string: ["only", "rounds", "messages", "warmup", "bytes", "limit"],
    boolean: ["npm", "mixed", "json", "help"],
    default: { rounds: "9", messages: "300000", warmup: "100000", bytes: "2000", limit: "120" },
    unknown: (name) => {
      throw new UsageError(`there is no '${name}'; see --help`);
    },
  });
  const number = (name: "rounds" | "messages" | "warmup" | "bytes" | "limit"): number => {
    const text = `${given[name]}`;
    if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text);
    throw new UsageError(`--${name} needs a whole number from 1`);
  };
  const names: string[] = given.only?.split(",") ?? WORKLOADS.map(({ name }) => name);
  const strange = names.find((asked) => !WORKLOADS.some(({ name }) => name === asked));
  if (strange !== undefined) throw new UsageError(`--only: there is no '${strange}'`);
  return {
    wanted: { npm: given.npm, mixed: given.mixed },
    plan: {
      workloads: WORKLOADS.filter(({ name }) => names.includes(name)),
      rounds: number("rounds"),
      limitMs: number("limit") * 1000,
    },
    messages: number("messages"),
    warmup: number("warmup"),
    bytes: number("bytes") * 1e6,
    json: given.json,
    help: given.help,
  };
}

async function compareAll(
  { wanted, plan, messages, warmup, bytes }: Options,
  interrupted: AbortSignal,
): Promise<Result> {
  const progress = (text: string) => console.error(text);
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "ipcx-bench-sockets-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const candidates = await prepareCandidates(wanted, folder, progress);
  const loadOf = ({ isBulk, size }: SocketWorkload) => {
    const count = isBulk ? Math.ceil(bytes / size) : size > 1024 ? Math.ceil(messages / 4) : messages;
    return { warmup: isBulk ? Math.ceil(count / 4) : warmup, messages: count };
  };
  const { tables, missing } = await runMatrix(candidates, { ...plan, loadOf }, measure, interrupted, progress);
  const hasNode = tables.some(({ rows }) => rows.some(({ candidate }) => candidate.startsWith("Node,")));
  return {
    title: "Messages between two processes over bare Unix sockets",
    method:
      "One end sends as fast as it can, the other receives and looks at the first byte of what each call gave; it " +
      "counts from the last message of the warm-up to the last of all. The C programs use blocking send, recv, " +
      "sendmmsg, recvmmsg, sendfile and splice.",
    machine: await describeMachine([]),
    toolchains: hasNode ? [await nodeVersion()] : [],
    rounds: plan.rounds,
    tables,
    missing,
  };
}

if (import.meta.main) {
  Deno.exit(await runProgram({ name: "bench/sockets.ts", help: HELP, parse, compareAll }, Deno.args));
}
