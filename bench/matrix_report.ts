/** The benchmark's result as text. */

import { columns, percent } from "./format.ts";
import type { Machine } from "./machine.ts";
import { type Comparison, type Missing, REFERENCE, type Row, type Table, type Workload } from "./matrix.ts";

export interface Result {
  /** What it is about, as a heading. */
  title: string;
  /** What one measurement is, in a sentence. */
  method: string;
  machine: Machine;
  /** Of Go and Node, if they took part. */
  toolchains: string[];
  rounds: number;
  tables: Table[];
  missing: Missing[];
}

/** A readable account of what was compared, how often, on what. */
export function renderReport(result: Result): string {
  return [
    renderSetting(result),
    ...result.tables.map(renderTable),
    ...result.missing.map(({ name, reason }) => `LEFT OUT: ${name}: ${reason}`),
  ].join("\n\n");
}

function renderSetting({ title, method, machine, toolchains, rounds }: Result): string {
  const programs = [`ipcx ${machine.ipcx}`, `Deno ${machine.deno}`, `C by ${machine.cc}`, ...toolchains];
  return [
    title,
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${programs.join(", ")}`,
    "",
    method,
    `Medians of ${rounds} rounds, turn and turn about, each in fresh processes. Ratios are medians of the ratios ` +
    "within the rounds; the best is the best round by the best round.",
  ].join("\n");
}

/** Messages or megabytes (of 10⁶ bytes) per second. */
function amount(rate: number, { isBulk, size }: Workload): string {
  return isBulk ? (rate * size / 1e6).toFixed(0) : rate.toFixed(0);
}

function renderTable({ workload, load, rows, comparisons }: Table): string {
  const head = ["", workload.isBulk ? "MB/s" : "messages/s", "best", "spread", "µs each", `by ${REFERENCE}`, "best"];
  const lines = rows.map((row) => [
    row.candidate + (row.isGlued ? " *" : ""),
    amount(row.rate, workload),
    amount(row.bestRate, workload),
    percent(row.spread),
    (1e6 / row.rate).toFixed(2),
    row.byReference.toFixed(2),
    row.bestByReference.toFixed(2),
  ]);
  return [
    `${workload.name}: ${workload.title}`,
    `${load.messages} messages after ${load.warmup} for warmth`,
    "",
    columns([head, ...lines]),
    ...renderNotes(rows),
    ...comparisons.map(renderComparison),
  ].join("\n");
}

function renderNotes(rows: Row[]): string[] {
  if (!rows.some(({ isGlued }) => isGlued)) return [];
  return ["* has no boundaries: what arrives is glued together, and counted by its bytes"];
}

function renderComparison({ candidate, by, least, ratio, bestRatio }: Comparison): string {
  const verdict = ratio >= least ? "reached" : "missed";
  return `${candidate} / ${by}: ${ratio.toFixed(2)}, best ${bestRatio.toFixed(2)}; target ${least}: ${verdict}`;
}
