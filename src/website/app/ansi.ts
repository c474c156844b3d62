import Anser from "anser";

/** A run of a log line in one look. `color` is a CSS colour. */
export interface Run {
  text: string;
  color?: string;
  background?: string;
  isBold: boolean;
  isDim: boolean;
}

/** Read on the dark ground of the log; ANSI's black is lifted, or nobody would see it. */
const NAMED: Record<string, string> = {
  black: "#829aa1",
  red: "#ff8a7a",
  green: "#6fd99b",
  yellow: "#f2c26b",
  blue: "#86b6ff",
  magenta: "#e2a1f2",
  cyan: "#67dbe4",
  white: "#eef5f5",
};
const NAMES = Object.keys(NAMED);

/** ECMA-48: operating system commands and other strings, and all controls but colour (CSI … m). */
const SEQUENCES =
  /\u001b[PX\]^_][\s\S]*?(?:\u0007|\u001b\\|$)|\u001b\[[0-?]*[ -/]*(?:[@-ln-~]|$)|\u001b(?!\[)[ -/]*[0-~]?/g;
/** Controls, and characters that reorder or hide text without one. */
const UNSEEN = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const LENGTH_MAX = 4_000;

/** What a build printed on one line, as text with looks; nothing of it is ever read as HTML. Pure. */
export function parseAnsi(line: string): Run[] {
  const visible = line.split("\r").filter(Boolean).at(-1) ?? "";
  const text = visible.slice(0, LENGTH_MAX).replace(SEQUENCES, "").replace(UNSEEN, "");
  return Anser.ansiToJson(text, { use_classes: true, remove_empty: true, json: true }).map((part) => {
    const color = colorOf(part.fg, part.fg_truecolor);
    const background = colorOf(part.bg, part.bg_truecolor);
    return {
      text: part.content,
      ...(color !== undefined && { color: legible(color) }),
      ...(background !== undefined && { background: `color-mix(in oklab, ${background} 30%, transparent)` }),
      isBold: part.decorations.includes("bold"),
      isDim: part.decorations.includes("dim"),
    };
  });
}

function colorOf(name: string | null, truecolor: string | null): string | undefined {
  if (name === null) return undefined;
  if (name === "ansi-truecolor") return /^\d+, \d+, \d+$/.test(truecolor ?? "") ? `rgb(${truecolor})` : undefined;
  const palette = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (palette !== undefined) return paletteColor(Number(palette));
  return NAMED[name.replace(/^ansi-(bright-)?/, "")];
}

/** The 256 colours of xterm: 16 named, a cube of 6 by 6 by 6, a ramp of 24 greys. */
function paletteColor(index: number): string | undefined {
  if (index < 16) return NAMED[NAMES[index % 8]!];
  if (index > 255) return undefined;
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + (index - 232) * 10)
      .join(", ")})`;
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level).join(", ")})`;
}

/** Keeps the hue, and lightens what would vanish on the dark ground. */
function legible(color: string): string {
  return color.startsWith("rgb") ? `oklch(from ${color} max(l, 0.7) c h)` : color;
}
