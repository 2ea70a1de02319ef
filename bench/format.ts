/** How figures are written. */

/** Lines of cells, the first being the head, each column aligned to the right. */
export function columns(lines: string[][]): string {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padStart(widths[column])).join("  ")).join("\n");
}

/** A share. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** An amount of memory. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
