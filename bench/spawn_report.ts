/** The benchmark's result as text. */

import { columns, mebibytes, percent } from "./format.ts";
import type { Machine } from "./machine.ts";
import { type Missing, REFERENCE } from "./spawn_candidates.ts";
import { BARE, type CommandLine } from "./spawn_command_line.ts";
import type { Plan, Row } from "./spawn_matrix.ts";

export interface Result {
  machine: Machine;
  plan: Plan;
  missing: Missing[];
  rows: Row[];
  commandLine?: CommandLine;
}

/** A readable account of what was compared, how often, on what. */
export function renderReport(result: Result): string {
  return [
    renderSetting(result),
    ...(result.rows.length > 0 ? [renderProcesses(result)] : []),
    ...(result.commandLine ? [renderCommandLine(result.commandLine)] : []),
    ...result.missing.map(({ name, reason }) => `LEFT OUT: ${name}: ${reason}`),
  ].join("\n\n");
}

function renderSetting({ machine }: Result): string {
  return [
    "Processes in another network namespace",
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ` +
    `ipcx ${machine.ipcx}, Deno ${machine.deno}, C by ${machine.cc}`,
  ].join("\n");
}

function renderProcesses({ plan, rows }: Result): string {
  const lines = [[
    "parent",
    "in flight",
    "",
    "µs each",
    "least",
    "spread",
    "p50 µs",
    `by ${REFERENCE}`,
    "least",
    "p50",
  ]];
  for (const row of rows) {
    lines.push([
      row.ballast === 0 ? "small" : `${row.ballast} MiB`,
      `${row.inFlight}`,
      row.candidate,
      row.usEach.toFixed(0),
      row.leastUsEach.toFixed(0),
      percent(row.spread),
      row.p50Us.toFixed(0),
      row.byReference.usEach.toFixed(2),
      row.byReferenceLeast.toFixed(2),
      row.byReference.p50Us.toFixed(2),
    ]);
  }
  return [
    `Start to reaped: open the namespace's file, vfork, setns, exec of a static program that ends at once, wait.`,
    `Medians of ${plan.rounds} rounds of ${plan.count} processes after ${plan.warmup} for warmth, turn and turn about, ` +
    "each in a fresh parent.",
    "µs each: elapsed time by processes; p50: of one, from its start until it is reaped. Ratios are medians of the " +
    "ratios within the rounds; the least is the best round by the best round.",
    "",
    columns(lines),
  ].join("\n");
}

function renderCommandLine({ runs, starts, waiter }: CommandLine): string {
  const lines = [["command", "ms", "least", "spread", "by bare", "least"]];
  const { leastMs: bareLeastMs } = starts.find(({ name }) => name === BARE)!;
  for (const { name, ms, leastMs, spread, byBare } of starts) {
    const byBareLeast = (leastMs / bareLeastMs).toFixed(2);
    lines.push([name, ms.toFixed(1), leastMs.toFixed(1), percent(spread), byBare.toFixed(2), byBareLeast]);
  }
  return [
    `The command line: medians of ${runs} runs, turn and turn about; bare: ${BARE}.`,
    "",
    columns(lines),
    "",
    `While CMD runs, ${waiter.program} waits: ${mebibytes(waiter.residentBytes)} resident, ` +
    `${mebibytes(waiter.proportionalBytes)} of that its share (PSS).`,
  ].join("\n");
}
