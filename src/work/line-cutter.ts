import type { Masker } from "./mask.ts";

/** Longer lines are cut: a log is read by people. */
const LINE_MAX = 4_000;

/** Makes masked lines of what a command prints, in chunks that end anywhere; invalid UTF-8 becomes U+FFFD. */
export class LineCutter {
  private readonly decoder = new TextDecoder();
  private open = "";

  constructor(private readonly masker: Masker) {}

  /** @returns the lines that are whole now, of them the last `most` */
  take(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): string[] {
    // PostgreSQL's text holds no NUL, and a secret is not to be taken apart by some.
    const decoded = this.decoder.decode(bytes, { stream: true }).replaceAll("\0", "");
    const lines = (this.open + decoded).split("\n");
    this.open = lines.pop()!;
    if (this.open.length > LINE_MAX + this.masker.reach) {
      const cut = this.masker.cut(this.open);
      lines.push(this.open.slice(0, cut));
      this.open = this.open.slice(cut);
    }
    const shown = lines.length > most ? lines.slice(-most) : lines;
    return shown.map((line) => shownLine(line, this.masker));
  }

  /** @returns the line that has no end yet, if there is one */
  end(): string[] {
    const line = this.open;
    this.open = "";
    return line === "" ? [] : [shownLine(line, this.masker)];
  }
}

/** One line as the log keeps it. */
export function shownLine(raw: string, masker: Masker): string {
  // A progress bar redraws its line by carriage returns: what stood there last is what is kept.
  const text = raw.replaceAll("\0", "");
  const last = text.includes("\r") ? (text.split("\r").findLast((part) => part !== "") ?? "") : text;
  return masker.mask(last).slice(0, LINE_MAX);
}
