/**
 * Benchmark of the gateway from HTTP to processes:
 *
 *     deno task bench:proxy
 *
 * Requests per second with wrk (Debian: wrk) in all three ways to answer, beside
 * Debian's webhook and fcgiwrap, as far as they are installed. `--help` lists
 * the options.
 */

import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "./machine.ts";
import { type Candidate, startCandidates } from "./proxy_candidates.ts";
import { type Plan, runMatrix } from "./proxy_matrix.ts";
import { compilePrograms } from "./proxy_programs.ts";
import { complaints, renderReport, type Result } from "./proxy_report.ts";
import { isInstalled } from "./proxy_server.ts";
import { isFlawless, renderSoak, soak } from "./proxy_soak.ts";

const HELP = `Usage: deno task bench:proxy [OPTION…]

Requests per second and percentiles of their time: ipcx proxy with a process for
each request that answers on its standard output or at the reply socket, and with
workers; webhook, and fcgiwrap behind nginx, with the same program; and C that only
starts it. The exit status is 1 when a request failed.

  --connections N,…  connections of wrk (1,8,64)
  --rounds N         measurements of each row (5)
  --seconds N        length of one measurement (3)
  --warmup N         seconds of load on each before (8): Deno compiles on the way, for 20 000 requests or so
  --only WAY,…       of stdout, socket, worker; by default all
  --soak N           instead: N requests with bodies of their own, in all ways, each
                     answer compared with its request; over the most of --connections
  --json             JSON instead of tables
  --help             this text
`;

const WAYS = ["stdout", "socket", "worker"];

interface Options {
  plan: Plan;
  ways: string[];
  soak: number;
  json: boolean;
  help: boolean;
}

class UsageError extends Error {}

function parse(args: string[]): Options {
  const given = parseArgs(args, {
    string: ["connections", "rounds", "seconds", "warmup", "only", "soak"],
    boolean: ["json", "help"],
    default: { connections: "1,8,64", rounds: "5", seconds: "3", warmup: "8", soak: "0" },
    unknown: (name) => {
      throw new UsageError(`there is no '${name}'; see --help`);
    },
  });
  const numbers = (name: string, text: string, least: number): number[] =>
    text.split(",").map((one) => {
      if (/^\d+$/.test(one) && Number(one) >= least) return Number(one);
      throw new UsageError(`--${name} needs whole numbers from ${least}`);
    });
  const number = (name: "rounds" | "seconds" | "warmup" | "soak", least: number): number => {
    const [first, ...rest] = numbers(name, `${given[name]}`, least);
    if (rest.length > 0) throw new UsageError(`--${name} needs one number`);
    return first;
  };
  const ways: string[] = given.only?.split(",") ?? WAYS;
  const strange = ways.find((way) => !WAYS.includes(way));
  if (strange !== undefined) throw new UsageError(`--only: there is no '${strange}'`);
  return {
    plan: {
      connections: numbers("connections", `${given.connections}`, 1),
      rounds: number("rounds", 1),
      seconds: number("seconds", 1),
      warmup: number("warmup", 0),
    },
    ways,
    soak: number("soak", 0),
    json: given.json,
    help: given.help,
  };
}

async function versionOf(command: string, args: string[], pattern: RegExp): Promise<string[]> {
  if (!await isInstalled(command)) return [];
  const { stdout, stderr } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return [`${command} ${pattern.exec(text)?.[1] ?? ""}`.trim()];
}

async function compareAll({ plan, ways }: Options): Promise<Result> {
  if (!await isInstalled("wrk")) throw new Error("wrk is not installed (Debian, Ubuntu: apt-get install wrk)");
  const progress = (text: string) => console.error(text);
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "ipcx-bench-proxy-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const programs = compilePrograms(folder);
  const { candidates, missing } = await startCandidates(programs, folder, plan.connections, stack);
  const isWanted = ({ way }: Candidate): boolean => way === "nothing" || ways.includes(way);
  const measured = await runMatrix(candidates.filter(isWanted), [programs.spawn, programs.answer], plan, progress);
  const peers = [
    ...await versionOf("wrk", ["-v"], /wrk \S*?([\d.]+)/),
    ...await versionOf("webhook", ["-version"], /version ([\d.]+)/),
    ...await versionOf("fcgiwrap", ["-h"], /version ([\d.]+)/),
    ...await versionOf("nginx", ["-v"], /nginx\/([\d.]+)/),
  ];
  return { machine: await describeMachine([]), peers, plan, missing, ...measured };
}

async function main(args: string[]): Promise<number> {
  try {
    const options = parse(args);
    if (options.help) {
      console.log(HELP.trimEnd());
      return 0;
    }
    if (options.soak > 0) {
      const connections = Math.max(...options.plan.connections);
      const result = await soak(options.soak, connections, (text) => console.error(text));
      console.log(options.json ? JSON.stringify(result, null, 2) : renderSoak(result));
      return isFlawless(result) ? 0 : 1;
    }
    const result = await compareAll(options);
    console.log(options.json ? JSON.stringify(result, null, 2) : renderReport(result));
    for (const complaint of complaints(result)) console.error(complaint);
    return complaints(result).length > 0 ? 1 : 0;
  } catch (error) {
    console.error(`bench/proxy.ts: ${error instanceof Error ? error.message : error}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
