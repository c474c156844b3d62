import { environment } from "../environment.ts";

/** Where a command's results go, decided once from its flags and the terminal. */
export interface Output {
  /** stdout carries exactly one JSON document; everything else goes to stderr. */
  json: boolean;
  /** stdout is a terminal that a progress display may be drawn on. */
  interactive: boolean;
  color: boolean;
  /** One line for people: on stdout, or with `--json` on stderr. */
  print(line: string): void;
  /** The one JSON document; nothing without `--json`. */
  document(value: unknown): void;
  /** Raw text where `print` writes, for a display that draws over itself. */
  write(text: string): void;
  columns(): number;
}

export function createOutput({ json }: { json: boolean }): Output {
  const stream = json ? process.stderr : process.stdout;
  const terminal = stream.isTTY === true;
  return {
    json,
    interactive: !json && terminal && environment.variables.TERM !== "dumb",
    color: terminal && !environment.noColor,
    print: (line) => void stream.write(`${line}\n`),
    document: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    write: (text) => void stream.write(text),
    columns: () => stream.columns || 80,
  };
}

/** Resolves when the system has taken all that was written: `process.exit` would cut a pipe off. */
export async function flush(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))),
  );
}

type Paint = (text: string) => string;
export type Style = Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", Paint>>;

export function style(color: boolean): Style {
  const sgr =
    (on: number, off: number): Paint =>
    (text) =>
      color ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    cyan: sgr(36, 39),
  };
}
