/** Prints a table of name, figure and goal, as Markdown, so that docs/benchmarks.md can take it as it is. */
export function printTable(
  title: string,
  rows: readonly (readonly [name: string, figure: string, goal: string])[],
): void {
  printColumns(title, ["what", "measured", "goal"], rows);
}

/** Prints a table of any columns, as Markdown. */
export function printColumns(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n### ${title}\n\n${markdownRow(columns)}\n${markdownRow(columns.map(() => "---"))}`);
  for (const row of rows) console.log(markdownRow(row));
}

/** One row; what stands in a cell can't end it. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

/** Such as `0.84 ×`. */
export const ratio = (value: number, base: number): string => `${(value / base).toFixed(2)} ×`;
