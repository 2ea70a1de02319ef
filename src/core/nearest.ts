/**
 * What somebody may have meant who wrote something unknown.
 *
 * @module
 */

/**
 * Counts how many letters have to be put in, left out, changed or swapped with
 * the next one, to make one word of another (Damerau, 1964; Lowrance and Wagner, 1975).
 *
 * @param one A word.
 * @param other Another.
 * @returns How many; 0 only for equal words.
 */
export function editDistance(one: string, other: string): number {
  const most = one.length + other.length;
  // The first row and column stand for letters that are in neither word.
  const rows = Array.from({ length: one.length + 2 }, () => new Array<number>(other.length + 2).fill(most));
  for (let row = 0; row <= one.length; row++) rows[row + 1][1] = row;
  for (let column = 0; column <= other.length; column++) rows[1][column + 1] = column;
  const lastRowWith = new Map<string, number>();
  for (let row = 1; row <= one.length; row++) {
    let lastEqual = 0;
    for (let column = 1; column <= other.length; column++) {
      const swapRow = lastRowWith.get(other[column - 1]) ?? 0;
      const swapColumn = lastEqual;
      const isEqual = one[row - 1] === other[column - 1];
      if (isEqual) lastEqual = column;
      rows[row + 1][column + 1] = Math.min(
        rows[row][column] + (isEqual ? 0 : 1),
        rows[row + 1][column] + 1,
        rows[row][column + 1] + 1,
        rows[swapRow][swapColumn] + row - swapRow + column - swapColumn - 1,
      );
    }
    lastRowWith.set(one[row - 1], row);
  }
  return rows[one.length + 1][other.length + 1];
}

/** Fewer letters are the beginning of anything. */
const LEAST_BEGINNING = 3;

/** Beyond this nothing known comes near it, and comparing would take long. */
const MOST_LETTERS = 64;

/**
 * Finds the word that comes nearest to an unknown one.
 *
 * @param written What was written.
 * @param known The words there are.
 * @returns The only one that begins so; else the one that is near, of which a third of the letters may differ; or `undefined`.
 */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > MOST_LETTERS) return undefined;
  const folded = written.toLowerCase();
  const begun = known.filter((word) => word.toLowerCase().startsWith(folded));
  // Cut short, it is not misspelt.
  if (folded.length >= LEAST_BEGINNING && begun.length === 1) return begun[0];
  const ranked = known.map((word) => ({ word, distance: editDistance(folded, word.toLowerCase()) }))
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
