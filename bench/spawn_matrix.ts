/** Every way to start a process under every load, turn and turn about. */

import { type Candidate, REFERENCE } from "./spawn_candidates.ts";
import { median, spread } from "./statistics.ts";

export interface Plan {
  inFlight: number[];
  /** MiB that the parent has touched. */
  ballast: number[];
  rounds: number;
  /** Processes in one measurement. */
  count: number;
  /** Processes before it. */
  warmup: number;
}

/** What a load program prints. */
interface Measurement {
  count: number;
  /** Elapsed time by processes. */
  us_each: number;
  /** From the start of one to its having been reaped. */
  p50_us: number;
}

/** The medians of one way under one load. */
export interface Row {
  inFlight: number;
  ballast: number;
  candidate: string;
  usEach: number;
  /** The best round. */
  leastUsEach: number;
  /** Distance of the best and the worst round, as a share of the median. */
  spread: number;
  p50Us: number;
  /** Medians of the ratios to the reference within the rounds. */
  byReference: { usEach: number; p50Us: number };
  /** The best round by the reference's best one. */
  byReferenceLeast: number;
}

interface Runs {
  inFlight: number;
  ballast: number;
  measured: Map<Candidate, Measurement[]>;
}

async function drive({ name, first, last }: Candidate, plan: Plan, { inFlight, ballast }: Runs): Promise<Measurement> {
  const [program, ...args] = [
    ...first,
    ...["--in-flight", `${inFlight}`],
    ...["--warmup", `${plan.warmup}`],
    ...["--count", `${plan.count}`],
    ...["--ballast", `${ballast}`],
    ...last,
  ];
  const result = await new Deno.Command(program, { args, stderr: "inherit" }).output();
  if (!result.success) throw new Error(`${name} failed: ${program} ${args.join(" ")}`);
  return JSON.parse(new TextDecoder().decode(result.stdout));
}

/** Rounds are the outer loop: what changes on the machine in the meantime falls on all alike. */
export async function runMatrix(
  candidates: Candidate[],
  plan: Plan,
  progress: (text: string) => void,
): Promise<Row[]> {
  const table: Runs[] = plan.ballast.flatMap((ballast) =>
    plan.inFlight.map((inFlight) => ({
      inFlight,
      ballast,
      measured: new Map(candidates.map((candidate) => [candidate, []])),
    }))
  );
  for (let round = 0; round < plan.rounds; round++) {
    progress(`processes: round ${round + 1}/${plan.rounds}`);
    const first = round % candidates.length;
    const turns = [...candidates.slice(first), ...candidates.slice(0, first)];
    for (const runs of table) {
      for (const candidate of turns) runs.measured.get(candidate)!.push(await drive(candidate, plan, runs));
    }
  }
  return table.flatMap(summarize);
}

function summarize({ inFlight, ballast, measured }: Runs): Row[] {
  const reference = Array.from(measured).find(([{ name }]) => name === REFERENCE)![1];
  const least = (runs: Measurement[]) => Math.min(...runs.map((m) => m.us_each));
  return Array.from(measured, ([{ name }, runs]) => {
    const ratio = (key: "us_each" | "p50_us") => median(runs.map((m, round) => m[key] / reference[round][key]));
    return {
      inFlight,
      ballast,
      candidate: name,
      usEach: median(runs.map((m) => m.us_each)),
      leastUsEach: least(runs),
      spread: spread(runs.map((m) => m.us_each)),
      p50Us: median(runs.map((m) => m.p50_us)),
      byReference: { usEach: ratio("us_each"), p50Us: ratio("p50_us") },
      byReferenceLeast: least(runs) / least(reference),
    };
  });
}
