/** Every way to be answered with every number of connections, turn and turn about. */

import type { Candidate, Way } from "./proxy_candidates.ts";
import { median, spread } from "./statistics.ts";

export interface Plan {
  connections: number[];
  rounds: number;
  /** Length of one measurement. */
  seconds: number;
  /** Load on each before the first of them: Deno compiles on the way. */
  warmup: number;
}

/** What one measurement gives; times in microseconds. */
export interface Measurement {
  requests: number;
  perSecond: number;
  p50: number;
  p99: number;
  /** Requests that were not answered, or not with success. */
  failures: number;
}

/** The medians of one candidate with one number of connections. */
export interface Row {
  connections: number;
  name: string;
  way: Way;
  perSecond: number;
  /** Of the best round. */
  bestPerSecond: number;
  /** Distance of the best and the worst round, as a share of the median. */
  spread: number;
  p50: number;
  p99: number;
  failures: number;
  /** What each round gave. */
  rounds: Measurement[];
}

async function run(command: string, args: string[]): Promise<Measurement> {
  const result = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  const text = new TextDecoder().decode(result.stdout).trim();
  if (!result.success) throw new Error(`${command} ${args.join(" ")} failed: ${text}`);
  // wrk says something of its own first.
  return JSON.parse(text.split("\n").at(-1)!);
}

function load({ url }: Candidate, connections: number, seconds: number): Promise<Measurement> {
  const script = new URL("proxy_wrk.lua", import.meta.url).pathname;
  const whole = Math.max(1, Math.round(seconds));
  return run("wrk", ["-t1", `-c${connections}`, `-d${whole}s`, "--timeout", "30s", "-s", script, url(connections)]);
}

/** What C needs for the program of the standard output, round by round. */
export interface Reference {
  perSecond: number;
  p50: number;
  p99: number;
  rounds: Measurement[];
}

/** Rounds are the outer loop: what changes on the machine in the meantime falls on all alike. */
export async function runMatrix(
  candidates: Candidate[],
  reference: readonly [string, string],
  plan: Plan,
  progress: (text: string) => void,
): Promise<{ rows: Row[]; reference: Reference }> {
  const table = plan.connections.flatMap((connections) =>
    candidates.map((candidate) => ({ connections, candidate, rounds: [] as Measurement[] }))
  );
  const inC: Measurement[] = [];
  const [program, command] = reference;
  for (const candidate of plan.warmup > 0 ? candidates : []) {
    progress(`warm-up: ${candidate.way}, ${candidate.name}`);
    await load(candidate, Math.min(8, Math.max(...plan.connections)), plan.warmup);
  }
  for (let round = 0; round < plan.rounds; round++) {
    progress(`round ${round + 1}/${plan.rounds}`);
    inC.push(await run(program, [`${plan.seconds}`, command]));
    for (const connections of plan.connections) {
      const turns = table.filter((runs) => runs.connections === connections);
      const first = round % turns.length;
      for (const { candidate, rounds } of [...turns.slice(first), ...turns.slice(0, first)]) {
        rounds.push(await load(candidate, connections, plan.seconds));
      }
    }
  }
  return { rows: table.map(summarize), reference: { ...medians(inC), rounds: inC } };
}

function medians(rounds: Measurement[]): Pick<Row, "perSecond" | "p50" | "p99"> {
  const of = (key: "perSecond" | "p50" | "p99") => median(rounds.map((one) => one[key]));
  return { perSecond: of("perSecond"), p50: of("p50"), p99: of("p99") };
}

function summarize(
  { connections, candidate: { name, way }, rounds }: {
    connections: number;
    candidate: Candidate;
    rounds: Measurement[];
  },
): Row {
  const rates = rounds.map(({ perSecond }) => perSecond);
  return {
    connections,
    name,
    way,
    ...medians(rounds),
    bestPerSecond: Math.max(...rates),
    spread: spread(rates),
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
    rounds,
  };
}
