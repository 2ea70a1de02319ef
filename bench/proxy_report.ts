/** The benchmark's result as text. */

import { columns, percent } from "./format.ts";
import type { Machine } from "./machine.ts";
import { FCGIWRAP, fcgiwraps, HELLO, type Missing, OURS, type Way, WEBHOOK, WORKERS } from "./proxy_candidates.ts";
import type { Plan, Reference, Row } from "./proxy_matrix.ts";
import { median } from "./statistics.ts";

export interface Result {
  machine: Machine;
  /** Versions of what takes part beside ours. */
  peers: string[];
  plan: Plan;
  missing: Missing[];
  rows: Row[];
  reference: Reference;
}

const TARGETS = { overheadMs: 0.5, byPeer: 1.2, workerPerSecond: 5000 };

const WAYS: Readonly<Record<Way, string>> = {
  stdout: "a process each, answers on its output",
  socket: "a process each, answers at the socket",
  worker: "workers",
  nothing: "no process",
};

/** A readable account of what was compared, how often, on what. */
export function renderReport(result: Result): string {
  return [
    renderSetting(result),
    renderRows(result),
    renderTargets(result).join("\n"),
    ...result.missing.map(({ name, reason }) => `LEFT OUT: ${name}: ${reason}`),
  ].join("\n\n");
}

function renderSetting({ machine, peers, plan }: Result): string {
  return [
    "From HTTP to processes",
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ` +
    [`ipcx ${machine.ipcx}`, `Deno ${machine.deno}`, `C by ${machine.cc}`, ...peers].join(", "),
    "",
    "One program for all that answer on standard output: small, static, its head as CGI has it. " +
    `fcgiwrap has ${
      plan.connections.map(fcgiwraps).join(", ")
    } processes, worker mode ${WORKERS}; all else is as it comes.`,
    `wrk with one thread on the same cores; medians of ${plan.rounds} rounds of ${plan.seconds} s, turn and turn about, ` +
    `after ${plan.warmup} s for warmth. Ratios are medians of the ratios within the rounds.`,
    "wrk corrects percentiles for requests that it would have sent while it waited.",
  ].join("\n");
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(2);
}

/** Median of a figure of two rows within the rounds. */
function within(a: Row, b: Row, of: (a: number, b: number) => number): number {
  return median(a.rounds.map(({ perSecond }, round) => of(perSecond, b.rounds[round].perSecond)));
}

function find(rows: Row[], name: string, way: Way, connections: number): Row | undefined {
  return rows.find((row) => row.name === name && row.way === way && row.connections === connections);
}

function renderRows({ rows, reference }: Result): string {
  const lines = [["connections", "", "", "requests/s", "best", "spread", "p50 ms", "p99 ms", "ipcx / this", "failed"]];
  for (const row of rows) {
    const ours = find(rows, OURS, "stdout", row.connections);
    lines.push([
      `${row.connections}`,
      WAYS[row.way],
      row.name,
      row.perSecond.toFixed(0),
      row.bestPerSecond.toFixed(0),
      percent(row.spread),
      milliseconds(row.p50),
      milliseconds(row.p99),
      ours && row.way === "stdout" && row !== ours ? within(ours, row, (a, b) => a / b).toFixed(2) : "",
      `${row.failures}`,
    ]);
  }
  const { perSecond, p50, p99 } = reference;
  return [
    columns(lines),
    "",
    "C, one after another (posix_spawn, read its output to the end, wait): " +
    `${perSecond.toFixed(0)} per second, p50 ${milliseconds(p50)} ms, p99 ${milliseconds(p99)} ms`,
  ].join("\n");
}

function verdict(isReached: boolean): string {
  return isReached ? "reached" : "missed";
}

function counted(connections: number): string {
  return connections === 1 ? "1 connection" : `${connections} connections`;
}

function renderTargets({ rows, reference, plan }: Result): string[] {
  const lines: string[] = [];
  const alone = find(rows, OURS, "stdout", 1);
  const hello = find(rows, HELLO, "nothing", 1);
  if (alone) {
    const us = median(alone.rounds.map(({ p50 }, round) => p50 - reference.rounds[round].p50));
    const http = hello ? `, of which ${milliseconds(hello.p50)} ms are the round trip by HTTP alone` : "";
    lines.push(
      `over C, p50 with 1 connection: ${milliseconds(us)} ms more${http}; ` +
        `target ${TARGETS.overheadMs} ms at most: ${verdict(us / 1000 <= TARGETS.overheadMs)}`,
    );
  }
  for (const name of [WEBHOOK, FCGIWRAP]) {
    for (const connections of plan.connections) {
      const ours = find(rows, OURS, "stdout", connections);
      const peer = find(rows, name, "stdout", connections);
      if (!ours || !peer) continue;
      const ratio = within(ours, peer, (a, b) => a / b);
      lines.push(
        `by ${name}, requests/s with ${counted(connections)}: ${ratio.toFixed(2)}; ` +
          `target ${TARGETS.byPeer}: ${verdict(ratio >= TARGETS.byPeer)}`,
      );
    }
  }
  const best = rows.filter(({ way }) => way === "worker").toSorted((a, b) => b.perSecond - a.perSecond).at(0);
  if (best) {
    lines.push(
      `worker mode: ${best.perSecond.toFixed(0)} requests/s with ${counted(best.connections)}; ` +
        `target ${TARGETS.workerPerSecond}: ${verdict(best.perSecond >= TARGETS.workerPerSecond)}`,
    );
  }
  return lines;
}

/** What must not happen, for the exit status. */
export function complaints({ rows }: Result): string[] {
  return rows.filter(({ failures }) => failures > 0)
    .map(({ name, way, connections, failures }) => `${name}, ${way}, ${connections} connections: ${failures} failed`);
}
