/**
 * Prometheus' text format, read strictly.
 *
 * @module
 */

import { assert } from "@std/assert";

/** What was read. */
export interface Exposition {
  /** The type of each metric. */
  types: Map<string, string>;
  /** The value of each sample, by its name and labels as they are written. */
  samples: Map<string, number>;
}

const LABEL = String.raw`[a-z_]+="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(String.raw`^([a-z_]+(?:\{${LABEL}(?:,${LABEL})*\})?) (\S+)$`);

/**
 * Reads it.
 *
 * @param text The text.
 * @returns What is in it.
 */
export function parseExposition(text: string): Exposition {
  assert(text.endsWith("\n"));
  const parsed: Exposition = { types: new Map(), samples: new Map() };
  for (const line of text.split("\n")) {
    if (line === "" || /^# HELP [a-z_]+ \S.*\.$/.test(line)) continue;
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      assert(!parsed.types.has(type[1]), `twice: ${line}`);
      parsed.types.set(type[1], type[2]);
      continue;
    }
    const sample = SAMPLE.exec(line);
    assert(sample !== null && !Number.isNaN(Number(sample[2])), `no sample: ${line}`);
    assert(!parsed.samples.has(sample[1]), `twice: ${line}`);
    parsed.samples.set(sample[1], Number(sample[2]));
  }
  return parsed;
}
