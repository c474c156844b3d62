import { counted } from "../model/counted.ts";
import type { Deployment, LogLine } from "../model/deployment.ts";
import { isFinal } from "../model/deployment.ts";
import type { Source } from "../model/source.ts";
import { style } from "./output.ts";
import { sanitize } from "./sanitize.ts";

/** Text that came from a repository, a build or the network, made fit for the terminal and free of colour. */
export const plain = (text: string): string => sanitize(text, { color: false });

export function renderDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function renderBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** How long ago, in one unit: `just now`, `5 min`, `3 h`, `12 d`. */
export function renderAge(iso: string, nowMs: number): string {
  const minutes = Math.floor((nowMs - Date.parse(iso)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 60 * 48) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (60 * 24))} d`;
}

export function renderSource(source: Source): string {
  if (source.kind === "folder") return plain(source.path);
  const commit = source.commit === null ? "" : ` @ ${source.commit.slice(0, 7)}`;
  const branch = source.branch === null ? "" : ` (${source.branch}${commit})`;
  return plain(`${source.url}${branch || commit}`);
}

export function renderLine(line: LogLine, color: boolean): string {
  const text = sanitize(line.text, { color });
  return line.stream === "system" ? style(color).bold(text) : text;
}

export function renderStart(deployment: Deployment, color: boolean): string {
  const paint = style(color);
  return `${paint.bold(plain(deployment.project))} ${paint.dim(deployment.id)} ${renderSource(deployment.source)}`;
}

/** The last words on a deployment; undefined while it is not final. */
export function renderOutcome(deployment: Deployment, color: boolean): string | undefined {
  const { status, error, url, aliases, timings } = deployment;
  if (!isFinal(status)) return undefined;
  const paint = style(color);
  const took = timings.totalMs === 0 ? "" : ` in ${renderDuration(timings.totalMs)}`;
  const said = deployment.trust === "fork" ? [forkWarning(deployment), ...deployment.warnings] : deployment.warnings;
  const warnings = said.map((warning) => `${paint.yellow("!")} ${plain(warning)}\n`).join("");
  if (status === "ready") {
    const reused = deployment.reused ? " (an earlier build of the same files)" : "";
    const size = `${counted(deployment.files, "file")}, ${renderBytes(deployment.bytes)}, ${renderBytes(deployment.newBytes)} of it new`;
    const urls = [...aliases, url].map((each) => `  ${paint.cyan(plain(each))}`).join("\n");
    return `${warnings}${paint.green("✓")} ${paint.bold(`Ready${took}`)}${reused}: ${size}\n${urls}`;
  }
  const word = status === "failed" ? "Failed" : status === "canceled" ? "Canceled" : "Superseded";
  const reason = error === null ? "" : `: ${plain(error.message)} ${paint.dim(`(${error.code})`)}`;
  const hint =
    error === null || error.hint === ""
      ? ""
      : error.hint
          .split("\n")
          .map((line) => `\n  ${plain(line)}`)
          .join("");
  return `${warnings}${paint.red("✗")} ${paint.bold(`${word}${took}`)}${reason}${hint}`;
}

function forkWarning({ project, source }: Deployment): string {
  const repository = source.kind === "git" ? source.url : source.path;
  return `${repository} is another repository than that of ${project}, or the commit is not of its branch (see the log): a fork gets no variables and does not go to production by itself. To make the repository the project's own: berth projects set ${project} repository=${repository}`;
}

/** Columns as wide as their widest cell; cells must be without colour. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, Bun.stringWidth(cell));
  }
  const pad = (cell: string, i: number) => cell + " ".repeat(widths[i]! - Bun.stringWidth(cell));
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}
