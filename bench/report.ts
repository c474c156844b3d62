/** Prints a table of name, figure and goal, as Markdown, so that docs/benchmarks.md can take it as it is. */
export function printTable(
  title: string,
  rows: readonly (readonly [name: string, figure: string, goal: string])[],
): void {
  console.log(`\n### ${title}\n\n| what | measured | goal |\n| --- | --- | --- |`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
