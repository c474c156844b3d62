/** Colours and cursor moves (ECMA-48 control sequences), and the links of terminals (OSC 8). */
const CONTROL = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** What stands around an error and says nothing of it. */
const NOISE: readonly RegExp[] = [
  /^\s*at .+(:\d+:\d+\)?|\(<anonymous>\)|\(native\)|node:internal.*)$/, // frames of a stack
  /^\s*at (async )?[\w.<>$[\] ]+( \(.*\))?$/,
  /^[\s^~|{}()[\],;│]*$/,
  /^\s*(return|throw) (new )?[\w.]+\(.*$/, // the line of a program's source that an error came from
  /^\s*code: '\w+',?$/,
  /Could not initialize provider \S+ `unifont` will not be able to/, // it goes on without these fonts
  /^Node\.js v\d/,
  /^\$ /, // the platform's own line of a command
  /^> /, // npm's line of a script
  /complete log of this run|-debug-\d*\.log|^npm (notice|warn)\b|^npm (error|ERR!)\s*$/i,
  /^npm (error|ERR!)\s+(\[-|Options:|Usage:|Clean install|--|npm ci$|-w\|)/,
  /^npm (error|ERR!) {5,}[A-Z]/, // sentences of npm's help
  /^npm (error|ERR!) (code (1|ELIFECYCLE)|errno \d+|path |command |Lifecycle script|workspace |location )/,
  /probably not a problem with npm|additional logging output above|^npm (error|ERR!) Exit status/i,
  /ELIFECYCLE|^error Command failed with exit code|^info Visit |^error: script "[^"]*" exited with code/,
  /^\s*(WARN|warning)\b|\bdeprecated\b/i,
  /^➤ YN0000: [└┌]|^➤ YN0000: (Failed|Done)/,
  /Browserslist: caniuse-lite is outdated|npx update-browserslist-db/,
];

const TELLING =
  /\berrors?\b|\b[A-Z]\w*Error\b|\bfail(ed|ure)\b|✖|✘|\bERR[!_]|\bcan(no|')t\b|\bcannot\b|\bnot found\b|\bunexpected\b|\bunable\b|\bexception\b|\brefused\b/i;
const TOLD_NONE = /\b(0|no) (errors?|failures?)\b/i;

const MAX_LINES = 8;
const LAST_LINES = 3;
const MAX_LENGTH = 240;

/** What tells a cause stands at a line's start; the patterns' work is bounded by it. */
const LOOKED_AT = 600;

export function plainLines(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(CONTROL, "").slice(0, LOOKED_AT).trimEnd()).filter((line) => line !== "");
}

/**
 * The lines that tell why a command failed: errors with the line that follows each, in their order; without one, the
 * last lines. `lines` are plain ones.
 */
export function relevantLines(lines: readonly string[]): string[] {
  const telling = tellingLines(lines);
  return telling.length > 0 ? telling : shortened(withoutNoise(lines).slice(-MAX_LINES));
}

/** The same without the last lines in the errors' place. */
export function tellingLines(lines: readonly string[]): string[] {
  const kept = withoutNoise(lines);
  const isError = (line: string | undefined) => line !== undefined && TELLING.test(line) && !TOLD_NONE.test(line);
  return shortened(firstAndLast([...new Set(kept.filter((line, at) => isError(line) || isError(kept[at - 1])))]));
}

const withoutNoise = (lines: readonly string[]): string[] =>
  lines.filter((line) => !NOISE.some((pattern) => pattern.test(line)));

const shortened = (lines: readonly string[]): string[] =>
  lines.map((line) => (line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line));

/** A tool may go on after its first errors, and tell at its end what it stopped for. */
function firstAndLast(lines: readonly string[]): string[] {
  if (lines.length <= MAX_LINES) return [...lines];
  return [...lines.slice(0, MAX_LINES - LAST_LINES), ...lines.slice(-LAST_LINES)];
}
