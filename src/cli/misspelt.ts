/**
 * What was meant by a word that there is not. Loaded only when there is one.
 *
 * @module
 */

import { nearest } from "../core/nearest.ts";
import type { UnknownWord } from "./parse.ts";

/** A single letter comes near to every other one. */
const LEAST_LETTERS = 2;

function bare(word: string): string {
  return word.replace(/^-+/, "");
}

/** Dashes are no letters: `-json` and `--json` are one word. */
function meantBy({ written, known }: UnknownWord): string | undefined {
  if (bare(written).length < LEAST_LETTERS || known.includes(written)) return undefined;
  const found = nearest(bare(written), known.map(bare));
  return known.find((word) => bare(word) === found);
}

/**
 * Adds to a complaint what was meant.
 *
 * @param complaint What is wrong.
 * @param unknown The word that is.
 * @returns The complaint with a question, or else with what is to be said otherwise.
 */
export function withWhatWasMeant(complaint: string, unknown: UnknownWord): string {
  const meant = meantBy(unknown);
  return meant === undefined ? complaint + (unknown.otherwise ?? "") : `${complaint}: did you mean '${meant}'?`;
}
