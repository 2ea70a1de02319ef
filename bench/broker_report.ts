/** The benchmark's result as text. */

import type { Footprint } from "./broker_footprint.ts";
import { columns, mebibytes, percent } from "./format.ts";
import type { Figures, Plan, Row } from "./broker_matrix.ts";
import type { Machine } from "./machine.ts";
import { ticksPerSecond } from "./process_stats.ts";

export interface Result {
  machine: Machine;
  plan: Plan;
  footprints: Footprint[];
  rows: Row[];
}

/** A readable account of what was compared, how often, on what. */
export function renderReport(result: Result): string {
  return [
    renderSetting(result),
    renderMatrix(result.rows),
    renderWaiting(result.rows),
    renderFootprints(result.footprints),
    renderComplaints(result.rows),
  ].filter((part) => part !== "").join("\n\n");
}

/** What makes the figures untrustworthy, one line each. */
export function complaints(rows: Row[]): string[] {
  return rows.flatMap((row) =>
    sides(row).filter(([, f]) => f.errors > 0 || f.waitingLost > 0).map((
      [name, f],
    ) =>
      `${name}, ${row.inFlight} in flight, ${row.waiting} waiting: ` +
      `${f.errors} pairings failed, ${f.waitingLost} waiting were dropped`
    )
  );
}

function renderSetting({ machine, plan, rows }: Result): string {
  const checks = rows.flatMap(sides).reduce((sum, [, f]) => sum + f.checks, 0);
  const programs = Object.entries(machine.daemons)
    .map(([name, program]) => `${name} = ${program}`).join(", ");
  return [
    `SocketPair broker: ${programs}`,
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ` +
    `ipcx ${machine.ipcx}, Deno ${machine.deno}, load by ${machine.cc}`,
    `Medians of ${plan.rounds} rounds of ${plan.seconds} s after ` +
    `${plan.warmup} s of warm-up, daemons turn and turn about; threads placed: ` +
    `${plan.placement}. A byte crossed ${checks} pairs.`,
    "CPU in cores; ratios are medians of the ratios within the rounds.",
  ].join("\n");
}

function renderMatrix(rows: Row[]): string {
  const lines = [[
    ...["in flight", "waiting", "", "pairs/s", "spread"],
    ...["p50 µs", "p99 µs", "max µs", "CPU", "load CPU"],
  ]];
  for (const row of rows) {
    const load = [`${row.inFlight}`, `${row.waiting}`];
    for (const [name, f] of sides(row)) {
      lines.push([
        ...load,
        name,
        f.pairsPerS.toFixed(0),
        percent(f.spread),
        f.p50Us.toFixed(1),
        f.p99Us.toFixed(1),
        f.maxUs.toFixed(0),
        f.daemonCpu.toFixed(2),
        f.loadCpu.toFixed(2),
      ]);
    }
    if (row.oursByPeer) {
      const { pairsPerS, p50Us, p99Us } = row.oursByPeer;
      lines.push([
        ...[...load, "ours/peer", pairsPerS.toFixed(3), ""],
        ...[p50Us.toFixed(3), p99Us.toFixed(3), "", "", ""],
      ]);
    }
  }
  return columns(lines);
}

function renderWaiting(rows: Row[]): string {
  return rows.filter((row) => row.byNoneWaiting !== undefined).map((row) =>
    `ours, ${row.inFlight} in flight: with ${row.waiting} waiting ` +
    `${percent(row.byNoneWaiting!)} of the pairs/s with none`
  ).join("\n");
}

function renderFootprints(footprints: Footprint[]): string {
  return footprints.flatMap((f) => [
    `${f.daemon}: ${mebibytes(f.residentBytes)} resident at the start`,
    ...f.waiting.map((w) =>
      `${f.daemon}: ${mebibytes(w.residentBytes)} with ${w.count} waiting, ` +
      `${w.bytesEach.toFixed(0)} bytes each`
    ),
    ...f.idle.map((i) =>
      `${f.daemon}: ${i.ticks} ticks of 1/${ticksPerSecond} s of CPU in ` +
      `${i.seconds} s of idleness, ${i.waiting} waiting`
    ),
  ]).join("\n");
}

function renderComplaints(rows: Row[]): string {
  return complaints(rows).map((line) => `NOT CLEAN: ${line}`).join("\n");
}

function sides(row: Row): [string, Figures][] {
  return row.peer ? [["ours", row.ours], ["peer", row.peer]] : [
    ["ours", row.ours],
  ];
}
