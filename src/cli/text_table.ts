/**
 * Tables for people.
 *
 * @module
 */

/** A heading, and the side its column leans to. */
export type Column = readonly [heading: string, align: "left" | "right"];

/** The cells of a row. */
export type Row = readonly string[];

/**
 * Makes a writer of rows, whose columns are as wide as their widest cell.
 *
 * @param columns The columns.
 * @param rows The cells of each row that is known yet; in later ones wider cells stand out.
 * @returns Writes a row as a line.
 */
export function rowWriter(columns: readonly Column[], rows: readonly Row[]): (row: Row) => string {
  const widths = columns.map((_, at) => rows.reduce((width, row) => Math.max(width, row[at].length), 0));
  return (row) => {
    const cells = row.map((cell, at) =>
      columns[at][1] === "right" ? cell.padStart(widths[at]) : cell.padEnd(widths[at])
    );
    return `${cells.join("  ").trimEnd()}\n`;
  };
}

/**
 * Writes a table.
 *
 * @param columns The columns; without any heading there is no line of headings.
 * @param rows The cells of each row.
 * @returns The text, a line a row.
 */
export function table(columns: readonly Column[], rows: readonly Row[]): string {
  const headings = columns.map(([heading]) => heading);
  const all = headings.some((heading) => heading !== "") ? [headings, ...rows] : rows;
  return all.map(rowWriter(columns, all)).join("");
}
