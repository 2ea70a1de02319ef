/**
 * `ipcx limits`: measures what Unix sockets can do here.
 *
 * @module
 */

import { printable } from "../core/fd_description.ts";
import { type Limit, LIMIT_GROUPS, type LimitUnit } from "../limits/limit.ts";
import { limitNames, probeLimits } from "../limits/probe_limits.ts";
import { print } from "./output.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { type Column, table } from "./text_table.ts";
import { oneOf } from "./values.ts";

const COLUMNS: readonly Column[] = [["NAME", "left"], ["VALUE", "left"], ["WHAT", "left"], ["RULED BY", "left"]];

/** Units of numbers that count nothing. */
const IDENTIFIERS: readonly LimitUnit[] = ["port", "process id"];

function valueText({ value, unit }: Limit): string {
  switch (typeof value) {
    case "number":
      if (IDENTIFIERS.includes(unit)) return `${value}`;
      return `${value} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
    case "boolean":
      return value ? "yes" : "no";
    case "string":
      return printable(value);
    default:
      return "unknown";
  }
}

function row(limit: Limit): string[] {
  const what = limit.note === undefined ? limit.title : `${limit.title}; ${printable(limit.note)}`;
  return [limit.name, valueText(limit), what, limit.source];
}

function json(limits: readonly Limit[]): string {
  return `[\n${limits.map((limit) => JSON.stringify(limit)).join(",\n")}\n]\n`;
}

/** Runs `ipcx limits`. */
export function run(args: Arguments): number {
  const groups = args.all("only", oneOf(...LIMIT_GROUPS));
  const known = limitNames();
  const unknown = args.words.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    const otherwise = "; 'ipcx limits' lists them";
    throw new UsageError(`there is no limit '${unknown}'`, { written: unknown, known, otherwise });
  }
  const isChosen = args.words.length > 0 || groups.length > 0;
  const limits = probeLimits(isChosen ? { names: args.words, groups } : {});
  print(args.has("json") ? json(limits) : table(COLUMNS, limits.map(row)));
  return 0;
}
