/** Every load on every daemon, turn and turn about. */

import type { Daemon } from "./broker_daemon.ts";
import { drive, type Measurement, type Placement } from "./load_program.ts";
import { quiet } from "./process_stats.ts";
import { median, spread } from "./statistics.ts";

export interface Plan {
  inFlight: number[];
  waiting: number[];
  rounds: number;
  seconds: number;
  warmup: number;
  placement: Placement;
}

/** The medians of one daemon under one load. */
export interface Figures {
  pairsPerS: number;
  /** Distance of the best and the worst round, as a share of the median. */
  spread: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
  daemonCpu: number;
  loadCpu: number;
  errors: number;
  waitingLost: number;
  checks: number;
}

/** Ours by the peer's: medians of the ratios within the rounds. */
export interface Ratios {
  pairsPerS: number;
  p50Us: number;
  p99Us: number;
}

export interface Row {
  inFlight: number;
  waiting: number;
  ours: Figures;
  peer?: Figures;
  oursByPeer?: Ratios;
  /** Our pairs/s by ours with nobody waiting in the same round. */
  byNoneWaiting?: number;
}

interface Runs {
  inFlight: number;
  waiting: number;
  ours: Measurement[];
  peer: Measurement[];
}

/** Rounds are the outer loop: what changes on the machine in the meantime then
 * falls on all rows alike. */
export async function runMatrix(
  program: string,
  plan: Plan,
  ours: Daemon,
  peer: Daemon | undefined,
  progress: (text: string) => void,
): Promise<Row[]> {
  const table: Runs[] = plan.inFlight.flatMap((inFlight) =>
    plan.waiting.map((waiting) => ({ inFlight, waiting, ours: [], peer: [] }))
  );
  for (let round = 0; round < plan.rounds; round++) {
    for (const runs of table) {
      const turns: [Daemon, Measurement[]][] = [[ours, runs.ours]];
      if (peer && runs.waiting <= peer.waitingMax) {
        turns.push([peer, runs.peer]);
      }
      if (round % 2 === 1) turns.reverse();
      for (const [daemon, measured] of turns) {
        progress(
          `round ${round + 1}/${plan.rounds}: ${daemon.name}, ` +
            `${runs.inFlight} in flight, ${runs.waiting} waiting`,
        );
        await quiet(daemon.pid);
        measured.push(
          await drive(program, daemon, { ...plan, ...runs }, plan.placement),
        );
      }
    }
    // The last run's connections must not be left to whoever comes next.
    await quiet(ours.pid);
  }
  return table.map((runs) => summarize(runs, table));
}

function summarize(runs: Runs, table: Runs[]): Row {
  const row: Row = {
    inFlight: runs.inFlight,
    waiting: runs.waiting,
    ours: figures(runs.ours),
  };
  if (runs.peer.length > 0) {
    row.peer = figures(runs.peer);
    row.oursByPeer = {
      pairsPerS: ratio(runs.ours, runs.peer, "pairs_per_s"),
      p50Us: ratio(runs.ours, runs.peer, "p50_us"),
      p99Us: ratio(runs.ours, runs.peer, "p99_us"),
    };
  }
  const empty = table.find((other) => other.inFlight === runs.inFlight && other.waiting === 0);
  if (empty && empty !== runs) {
    row.byNoneWaiting = ratio(runs.ours, empty.ours, "pairs_per_s");
  }
  return row;
}

function figures(runs: Measurement[]): Figures {
  const middle = (key: keyof Measurement) => median(runs.map((m) => m[key]));
  const sum = (key: keyof Measurement) => runs.reduce((total, m) => total + m[key], 0);
  return {
    pairsPerS: middle("pairs_per_s"),
    spread: spread(runs.map((m) => m.pairs_per_s)),
    p50Us: middle("p50_us"),
    p99Us: middle("p99_us"),
    maxUs: Math.max(...runs.map((m) => m.max_us)),
    daemonCpu: middle("daemon_cpu"),
    loadCpu: middle("load_cpu"),
    errors: sum("errors"),
    waitingLost: sum("waiting_lost"),
    checks: sum("checks"),
  };
}

function ratio(a: Measurement[], b: Measurement[], key: keyof Measurement) {
  return median(a.map((m, round) => m[key] / b[round][key]));
}
