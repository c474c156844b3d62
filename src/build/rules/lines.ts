import { BadRule, noting, type RuleFault } from "./faults.ts";

const MAX_LINE = 8192;
/** Of rules and the comments between them; what comes behind is not read, as it is the thread of all sites that reads. */
const MAX_LINES = 100_000;

/** The lines of a file without the space around them, numbered from 1; one that is too long is a fault. */
export function linesIn(
  text: string,
  file: string,
  faults: RuleFault[],
): { text: string; raw: string; line: number }[] {
  const lines: { text: string; raw: string; line: number }[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = index + 1;
    if (line > MAX_LINES) {
      faults.push({ file, line, reason: `the file has more than ${MAX_LINES} lines` });
      break;
    }
    noting(faults, { file, line }, () => {
      if (raw.length > MAX_LINE) throw new BadRule(`the line is longer than ${MAX_LINE} characters`);
      // What a decoder puts in the place of bytes that are none of UTF-8.
      if (raw.includes("\uFFFD") && !/^\s*#/.test(raw)) throw new BadRule("the line is not written in UTF-8");
      lines.push({ text: raw.trim(), raw, line });
    });
  }
  return lines;
}
