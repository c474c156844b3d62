/**
 * The lines, from 1, on which the entries of the lists stand that an object's keys hold: `{redirects: [3, 7]}`. For
 * text that is JSON (RFC 8259).
 */
export function entryLines(text: string): Record<string, number[]> {
  const lines: Record<string, number[]> = Object.create(null);
  let line = 1;
  let depth = 0;
  let key = "";
  let expectsEntry = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|\n|[^\s[\]{},:"]+/g)) {
    if (token === "\n") {
      line += 1;
      continue;
    }
    if (depth === 2 && expectsEntry && token !== "]") {
      lines[key] = [...(lines[key] ?? []), line];
      expectsEntry = false;
    }
    if (depth === 1 && token.startsWith('"')) key = token.slice(1, -1);
    if (depth === 1 && token === "[") expectsEntry = true;
    if (depth === 2 && token === ",") expectsEntry = true;
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
  }
  return lines;
}
