const MAX_CHARACTERS = 4 * 1024 ** 2;
/** Of tables and keys with names of their own; thousands of redirects share a few. */
const MAX_NAMES = 5000;
const MAX_DOTS = 200;

/** It was not parsed at all. */
export class TomlTooLarge extends Error {}

/**
 * The runtime's parser looks through a table's keys for each key anew, so that a large table takes it minutes in which
 * nothing else runs: what has very many names is not parsed.
 * @throws TomlTooLarge, or what the parser throws
 */
export function parseToml(text: string): Record<string, unknown> {
  if (text.length > MAX_CHARACTERS) throw new TomlTooLarge(`it is larger than ${MAX_CHARACTERS / 1024 ** 2} MiB`);
  if (hasManyNames(text))
    throw new TomlTooLarge(`it has more than ${MAX_NAMES} keys or tables, or nests them too deep`);
  const parsed: unknown = Bun.TOML.parse(text.replace(/^\uFEFF/, ""));
  return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
}

/** By the text alone, whatever stands in quotes: a name lies between a line's start or an `=` and the next `=`. */
function hasManyNames(text: string): boolean {
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    const found = line.split("=").slice(0, -1);
    if (line.trimStart().startsWith("[")) found.push(line);
    for (const name of found) {
      names.add(name);
      if (names.size > MAX_NAMES || name.split(".", MAX_DOTS + 2).length > MAX_DOTS + 1) return true;
    }
  }
  return false;
}
