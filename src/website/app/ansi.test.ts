import { describe, expect, test } from "bun:test";
import { parseAnsi } from "./ansi.ts";

const textOf = (line: string) =>
  parseAnsi(line)
    .map(({ text }) => text)
    .join("");

describe("parseAnsi", () => {
  test("named, palette and true colours, bold and dim", () => {
    const runs = parseAnsi(
      "\u001b[1;31mred\u001b[0m \u001b[38;5;196mcube\u001b[0m \u001b[38;2;1;2;3mtrue\u001b[0m\u001b[2mdim",
    );
    expect(runs.map(({ text, color, isBold, isDim }) => [text, color, isBold, isDim])).toEqual([
      ["red", "#ff8a7a", true, false],
      [" ", undefined, false, false],
      ["cube", "oklch(from rgb(255, 0, 0) max(l, 0.7) c h)", false, false],
      [" ", undefined, false, false],
      ["true", "oklch(from rgb(1, 2, 3) max(l, 0.7) c h)", false, false],
      ["dim", undefined, false, true],
    ]);
  });

  test("markup stays text", () => {
    expect(textOf("<img src=x onerror=alert(1)> &amp;")).toBe("<img src=x onerror=alert(1)> &amp;");
  });

  test("links, titles, cursor moves and reordering leave nothing behind", () => {
    expect(textOf("\u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007\u001b[2K\u001b[1G\u001b(B!\u202egnp")).toBe(
      "link!gnp",
    );
    expect(textOf("\u001b]0;title without an end")).toBe("");
  });

  test("a carriage return shows what it leaves on the line", () => {
    expect(textOf("10%\r50%\r100%\r")).toBe("100%");
  });

  test("a long line is cut", () => {
    expect(textOf("x".repeat(100_000))).toHaveLength(4_000);
  });
});
