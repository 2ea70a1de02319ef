/**
 * Tables for people.
 *
 * @module
 */

/** A heading, and the side its column leans to. */
export type Column = readonly [heading: string, align: "left" | "right"];

/**
 * Writes a table.
 *
 * @param columns The columns; without any heading there is no line of headings.
 * @param rows The cells of each row.
 * @returns The text, a line a row.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const headings = columns.map(([heading]) => heading);
  const all = headings.some((heading) => heading !== "") ? [headings, ...rows] : rows;
  const widths = columns.map((_, at) => Math.max(...all.map((row) => row[at].length)));
  return all.map((row) => {
    const cells = row.map((cell, at) =>
      columns[at][1] === "right" ? cell.padStart(widths[at]) : cell.padEnd(widths[at])
    );
    return `${cells.join("  ").trimEnd()}\n`;
  }).join("");
}
