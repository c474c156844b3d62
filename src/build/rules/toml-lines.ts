/** Of one table that are looked at; of a longer one its own line is told. */
const MAX_LINES = 500;

/**
 * The line, from 1, at which a TOML text stops being one: the runtime's parser tells the reason alone. The text is read
 * up to the middle of its tables, and so on, then line by line: some dozens of readings, however long it is.
 */
export function tomlFaultLine(text: string): number {
  const lines = text.split("\n");
  const isSound = (from: number, to: number) => isToml(lines.slice(from, to).join("\n"));
  // Each is a number of lines that end before a table, or with the text.
  const ends = [...tableLines(text).map((line) => line - 1), lines.length];
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSound(0, ends[middle]!)) low = middle + 1;
    else high = middle;
  }
  const start = ends[low - 1] ?? 0;
  const end = Math.min(ends[low]!, start + MAX_LINES);
  // A table that is sound by itself does not fit to those before it.
  if (isSound(start, end)) return start + 1;
  let fault = end;
  while (fault > start + 1 && !isSound(start, fault - 1)) fault -= 1;
  return fault;
}

/** Where tables begin, or those called `[[name]]`, outside of texts of several lines. */
export function tableLines(text: string, name?: string): number[] {
  const blanked = text.replace(/"""[\s\S]*?"""|'''[\s\S]*?'''/g, (inside) => inside.replace(/[^\n]/g, " "));
  const pattern =
    name === undefined ? /^\s*\[/ : new RegExp(`^\\s*\\[\\[\\s*["']?${RegExp.escape(name)}["']?\\s*\\]\\]`);
  return blanked.split("\n").flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}

function isToml(text: string): boolean {
  try {
    Bun.TOML.parse(text);
    return true;
  } catch {
    return false;
  }
}
