const WORDS =
  "harbour tide rope anchor mast keel buoy lantern deck sail gull pier fog chart wake shoal crane net".split(" ");

/** Twelve words that differ by n. */
export function sentence(n: number): string {
  const words = Array.from({ length: 12 }, (_, at) => WORDS[(n * 7 + at * (1 + (n % 5))) % WORDS.length]!);
  return `The ${words.join(" ")} of day ${n}.`;
}

export const paragraphs = (n: number, count: number): string =>
  counted(count, (m) => counted(4, (k) => sentence(n * 100 + m * 10 + k)).join(" ")).join("\n\n");

/** The results of `make` for 1 to `most`. */
export const counted = <T>(most: number, make: (n: number) => T): T[] =>
  Array.from({ length: most }, (_, at) => make(at + 1));

export const packageJson = (fields: Record<string, unknown>): string =>
  `${JSON.stringify({ private: true, version: "0.0.0", ...fields }, null, 2)}\n`;
