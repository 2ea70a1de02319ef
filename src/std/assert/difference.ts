/** Beyond this many cells the table costs more than a finer diff is worth. */
const MAX_TABLE_CELLS = 1_000_000;

/**
 * Prints a value in full, keys sorted, so that equal values print alike.
 *
 * @param value The value to print.
 * @returns The text, over several lines if the value is an object.
 *
 * @example
 * ```ts
 * import { format } from "./difference.ts";
 *
 * console.log(format({ b: 1, a: 2 })); // a before b
 * ```
 */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
    compact: false,
    getters: true,
    sorted: true,
    trailingComma: true,
  });
}

/**
 * Describes how two values differ, line by line.
 *
 * @param actual The value found.
 * @param expected The value wanted.
 * @returns Lines marked `-` where only in `actual`, `+` where only in
 * `expected`.
 *
 * @example
 * ```ts
 * import { difference } from "./difference.ts";
 *
 * console.log(difference([1, 2], [1, 3])); // "-   2," and "+   3,"
 * ```
 */
export function difference(actual: unknown, expected: unknown): string {
  const lines = diffLines(linesOf(actual), linesOf(expected));
  return `\n\n    [Diff] Actual / Expected\n\n${lines.join("\n")}\n`;
}

function linesOf(value: unknown): string[] {
  const isText = typeof value === "string" && value.includes("\n");
  return (isText ? value : format(value)).split("\n");
}

function diffLines(actual: string[], expected: string[]): string[] {
  const shorter = Math.min(actual.length, expected.length);
  let head = 0;
  while (head < shorter && actual[head] === expected[head]) head++;
  let tail = 0;
  while (
    tail < shorter - head && actual.at(-1 - tail) === expected.at(-1 - tail)
  ) tail++;
  return [
    ...actual.slice(0, head).map(kept),
    ...diffMiddle(
      actual.slice(head, actual.length - tail),
      expected.slice(head, expected.length - tail),
    ),
    ...actual.slice(actual.length - tail).map(kept),
  ];
}

function diffMiddle(actual: string[], expected: string[]): string[] {
  const columns = expected.length + 1;
  if (actual.length * columns > MAX_TABLE_CELLS) {
    return [...actual.map(removed), ...expected.map(added)];
  }
  // common[i * columns + j]: lines shared by actual[i..] and expected[j..].
  const common = new Uint32Array((actual.length + 1) * columns);
  for (let i = actual.length - 1; i >= 0; i--) {
    for (let j = expected.length - 1; j >= 0; j--) {
      const cell = i * columns + j;
      common[cell] = actual[i] === expected[j]
        ? common[cell + columns + 1] + 1
        : Math.max(common[cell + columns], common[cell + 1]);
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < actual.length && j < expected.length) {
    const cell = i * columns + j;
    if (actual[i] === expected[j]) {
      lines.push(kept(actual[i++]));
      j++;
    } else if (common[cell + columns] >= common[cell + 1]) {
      lines.push(removed(actual[i++]));
    } else {
      lines.push(added(expected[j++]));
    }
  }
  return [
    ...lines,
    ...actual.slice(i).map(removed),
    ...expected.slice(j).map(added),
  ];
}

const kept = (line: string) => `    ${line}`;
const removed = (line: string) => `-   ${line}`;
const added = (line: string) => `+   ${line}`;
