/**
 * How a limit is measured.
 *
 * @module
 */

import { checkRoom } from "./calls.ts";
import type { Limit, LimitGroup, LimitUnit, LimitValue } from "./limit.ts";

/** A value with a remark. */
export interface Finding {
  readonly value: LimitValue;
  readonly note?: string;
}

/** How a limit is measured. */
export interface Probe {
  readonly name: string;
  readonly title: string;
  readonly unit: LimitUnit;
  readonly source: string;
  /** Tries it out; what it throws says why that could not be done. */
  measure(): LimitValue | Finding;
}

/**
 * Measures one limit.
 *
 * @param group What it is about.
 * @param probe How it is measured.
 * @returns The limit, without a value if that failed.
 */
export function run(group: LimitGroup, { name, title, unit, source, measure }: Probe): Limit {
  const found = attempt(measure);
  const { value, note } = typeof found === "object" ? found : { value: found };
  return { name, group, title, value, unit, source, ...(note === undefined ? {} : { note }) };
}

function attempt(measure: Probe["measure"]): LimitValue | Finding | { value: null; note: string } {
  try {
    checkRoom();
    return measure();
  } catch (error) {
    return { value: null, note: `could not be measured: ${(error as Error).message}` };
  }
}
