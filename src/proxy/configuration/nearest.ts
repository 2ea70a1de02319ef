/**
 * What somebody may have meant who wrote something unknown.
 *
 * @module
 */

/** How many letters may have to be put in, left out, changed or swapped with the next one (Damerau, 1964). */
function distance(one: string, other: string): number {
  const rows = Array.from({ length: one.length + 1 }, (_, at) => [at, ...new Array<number>(other.length).fill(0)]);
  rows[0] = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    for (let column = 1; column <= other.length; column++) {
      const cost = one[row - 1] === other[column - 1] ? 0 : 1;
      const isSwapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] &&
        one[row - 2] === other[column - 1];
      rows[row][column] = Math.min(
        rows[row - 1][column] + 1,
        rows[row][column - 1] + 1,
        rows[row - 1][column - 1] + cost,
        isSwapped ? rows[row - 2][column - 2] + 1 : Infinity,
      );
    }
  }
  return rows[one.length][other.length];
}

/** Beyond this nothing known comes near it, and comparing would take long. */
const MOST_LETTERS = 64;

/**
 * Finds the word that comes nearest to an unknown one.
 *
 * @param written What was written.
 * @param known The words there are.
 * @returns One of them, or `undefined` if none is near: a third of its letters may differ.
 */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > MOST_LETTERS) return undefined;
  const folded = written.toLowerCase();
  const ranked = known.map((word) => ({ word, distance: distance(folded, word.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/**
 * Tells what was meant, or else what there is.
 *
 * @param written What was written.
 * @param known The words there are.
 * @returns `did you mean 'word'?`, or `there are one, two, three`.
 */
export function suggestion(written: string, known: readonly string[]): string {
  const meant = nearest(written, known);
  return meant === undefined ? `there are ${known.join(", ")}` : `did you mean '${meant}'?`;
}
