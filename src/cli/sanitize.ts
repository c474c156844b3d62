import { CONTROL, INVISIBLE, SEQUENCE } from "../model/terminal-text.ts";

const RESET = "\u001b[0m";

/**
 * Makes one line of foreign text fit to be printed on a terminal: of all control sequences only colours and weights
 * stay (SGR), closed at the end of the line; a carriage return shows what it would have left on the line.
 */
export function sanitize(text: string, { color }: { color: boolean }): string {
  let colored = false;
  const marked = text.replace(SEQUENCE, (_, parameters?: string, intermediate?: string, final?: string) => {
    if (!color || final !== "m" || intermediate !== "" || !/^[0-9;:]*$/.test(parameters ?? "")) return "";
    const kept = keepColors(parameters ?? "");
    if (kept === undefined) return "";
    colored = true;
    return `\u001b[${kept}m`;
  });
  const line = lastOverwrite(marked).replace(CONTROL, "").replace(INVISIBLE, "");
  return colored ? line.replace(/\u001b(?!\[[0-9;:]*m)/g, "") + RESET : line.replaceAll("\u001b", "");
}

/** Drops blinking (5, 6) and hidden (8) text; 38, 48 and 58 carry arguments behind them. */
function keepColors(parameters: string): string | undefined {
  const given = parameters.split(";");
  const kept: string[] = [];
  for (let i = 0; i < given.length; i += 1) {
    const code = given[i]!;
    if (code === "38" || code === "48" || code === "58") {
      const length = given[i + 1] === "5" ? 3 : given[i + 1] === "2" ? 5 : 1;
      kept.push(...given.slice(i, i + length));
      i += length - 1;
    } else if (!/^0*(5|6|8)(:|$)/.test(code)) {
      kept.push(code);
    }
  }
  return kept.length === 0 ? undefined : kept.join(";");
}

function lastOverwrite(text: string): string {
  const parts = text.split("\r").filter((part) => part !== "");
  return parts.at(-1) ?? "";
}
