/** Every candidate in every workload, turn and turn about. */

import { median, spread } from "./statistics.ts";

/** What all others are compared with. */
export const REFERENCE = "C";

/** How many messages. */
export interface Load {
  /** Before the measurement, for warmth. */
  warmup: number;
  messages: number;
}

/** What one candidate should reach by another. */
export interface Target {
  candidate: string;
  by: string;
  least: number;
}

/** What is measured. */
export interface Workload {
  /** By which it is asked for. */
  name: string;
  title: string;
  /** Bytes of payload in each message. */
  size: number;
  /** Whether it is the amount of data that counts, not the number of messages. */
  isBulk: boolean;
  targets: Target[];
}

/** Who is measured, of which there are as many as there are names. */
export interface Candidate {
  name: string;
  /** Whether it cannot tell messages apart, so that they are counted by their bytes. */
  isGlued: boolean;
  /** Whether the others are measured without it if it fails. */
  isExpendable: boolean;
}

/** A candidate that cannot be had here. */
export interface Missing {
  name: string;
  reason: string;
}

/** Who takes part in which workload, by its name; C is the first. */
export interface Candidates<Who extends Candidate> {
  byWorkload: Record<string, Who[]>;
  missing: Missing[];
}

/** What is run, and how often. */
export interface Plan<What extends Workload> {
  workloads: What[];
  rounds: number;
  loadOf: (workload: What) => Load;
  /** How long one measurement may take. */
  limitMs: number;
}

/** Measures a candidate once, and tells messages per second. */
export type Measure<Who extends Candidate, What extends Workload> = (
  candidate: Who,
  workload: What,
  load: Load,
  signal: AbortSignal,
) => Promise<number>;

/** The figures of one candidate in one workload. */
export interface Row {
  candidate: string;
  isGlued: boolean;
  /** Median of the messages per second. */
  rate: number;
  /** Of the best round. */
  bestRate: number;
  /** Distance of the best and the worst round, as a share of the median. */
  spread: number;
  /** Median of the ratios to the reference within the rounds. */
  byReference: number;
  /** The best round by the reference's best one. */
  bestByReference: number;
}

/** What a target is about, as it was measured. */
export interface Comparison {
  candidate: string;
  by: string;
  /** The target. */
  least: number;
  /** Median of the ratios within the rounds. */
  ratio: number;
  /** The best round by the other's best one. */
  bestRatio: number;
}

export interface Table {
  workload: Workload;
  load: Load;
  rows: Row[];
  comparisons: Comparison[];
}

interface Runs<Who extends Candidate, What extends Workload> {
  workload: What;
  load: Load;
  /** Messages per second of each round. */
  rates: Map<Who, number[]>;
}

/** Rounds are the outer loop: what changes on the machine in the meantime falls on all alike. */
export async function runMatrix<Who extends Candidate, What extends Workload>(
  { byWorkload, missing }: Candidates<Who>,
  plan: Plan<What>,
  measure: Measure<Who, What>,
  interrupted: AbortSignal,
  progress: (text: string) => void,
): Promise<{ tables: Table[]; missing: Missing[] }> {
  const failed: Missing[] = [];
  const table: Runs<Who, What>[] = plan.workloads.map((workload) => ({
    workload,
    load: plan.loadOf(workload),
    rates: new Map(byWorkload[workload.name].map((candidate) => [candidate, []])),
  }));
  for (let round = 0; round < plan.rounds; round++) {
    for (const { workload, load, rates } of table) {
      progress(`round ${round + 1}/${plan.rounds}: ${workload.name}`);
      const candidates = Array.from(rates.keys());
      const first = round % candidates.length;
      for (const candidate of [...candidates.slice(first), ...candidates.slice(0, first)]) {
        try {
          const signal = AbortSignal.any([interrupted, AbortSignal.timeout(plan.limitMs)]);
          rates.get(candidate)!.push(await measure(candidate, workload, load, signal));
        } catch (error) {
          const reason = `${workload.name}: ${error instanceof Error ? error.message : error}`;
          if (interrupted.aborted || !candidate.isExpendable) throw new Error(`${candidate.name}: ${reason}`);
          rates.delete(candidate);
          failed.push({ name: candidate.name, reason });
        }
      }
    }
  }
  return { tables: table.map(summarize), missing: [...missing, ...failed] };
}

function compare(rates: number[], others: number[]): { ratio: number; bestRatio: number } {
  return {
    ratio: median(rates.map((rate, round) => rate / others[round])),
    bestRatio: Math.max(...rates) / Math.max(...others),
  };
}

function summarize<Who extends Candidate>({ workload, load, rates }: Runs<Who, Workload>): Table {
  const byName = new Map(Array.from(rates, ([{ name }, values]) => [name, values]));
  const rows = Array.from(rates, ([{ name, isGlued }, values]) => {
    const { ratio, bestRatio } = compare(values, byName.get(REFERENCE)!);
    return {
      candidate: name,
      isGlued,
      rate: median(values),
      bestRate: Math.max(...values),
      spread: spread(values),
      byReference: ratio,
      bestByReference: bestRatio,
    };
  });
  const comparisons = workload.targets
    .filter(({ candidate, by }) => byName.has(candidate) && byName.has(by))
    .map((target) => ({ ...target, ...compare(byName.get(target.candidate)!, byName.get(target.by)!) }));
  return { workload, load, rows, comparisons };
}
