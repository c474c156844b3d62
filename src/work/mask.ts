import { SECRET_MIN_CHARACTERS } from "../model/variables.ts";
import { base64Forms, formsOf } from "./secret-forms.ts";

const MASK = "***";
/** From this length on a value in small letters is told from words that logs are full of. */
const LOWER_CASE_MIN_CHARACTERS = 8;
/** A text that is not free of secrets after so many is made of them: nothing of it is shown. */
const ROUNDS_MAX = 8;
/** RFC 7468 (PEM) and RFC 2045 (MIME, base64(1)): where base64 is broken into lines. */
const BASE64_LINES = [64, 76];

/** Puts `***` in the place of secrets. Pure. */
export interface Masker {
  /** Masks the text of a whole line, or of several. */
  mask(text: string): string;
  /** How far a secret can reach back, in characters: a text that goes on is held back by so much. */
  readonly reach: number;
  /**
   * Where a text that goes on may be cut, so that no secret is seen from both sides: none that is whole, and none whose
   * end is still to come. 0 when it is too short to be cut.
   */
  cut(text: string): number;
}

/** Of values of several lines each line is a secret of its own, since a log is written line by line. */
export function createMasker(secrets: readonly string[]): Masker {
  const all = patternsOf(secrets);
  const reach = all.reduce((longest, pattern) => Math.max(longest, pattern.length - 1), 0);
  const patterns = indexOf(all);
  const mask = (text: string): string => {
    let masked = text;
    // What a mask has drawn together may be a secret again, of those that hold a `*`.
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const spans = spansOf(masked, patterns);
      if (spans.length === 0) return masked;
      masked = replaceSpans(masked, spans);
    }
    return MASK;
  };
  return {
    mask,
    reach,
    cut(text) {
      const at = Math.max(0, text.length - reach);
      const across = spansOf(text, patterns).find(({ start, end }) => start < at && at < end);
      if (across === undefined) return at;
      // Behind a text that is all secrets nothing but a masked beginning can be lost.
      return across.start > 0 ? across.start : across.end;
    },
  };
}

function patternsOf(secrets: readonly string[]): string[] {
  const patterns = new Set<string>();
  const add = (pattern: string) => {
    if (pattern.length >= SECRET_MIN_CHARACTERS) patterns.add(pattern);
  };
  for (const secret of secrets) {
    for (const part of new Set([secret, ...secret.split(/[\r\n]+/).map((line) => line.trim())])) {
      if (part.length >= SECRET_MIN_CHARACTERS) for (const form of formsOf(part)) add(form);
      // Names of hosts are written in small letters, whatever a build asked for.
      if (part.length >= LOWER_CASE_MIN_CHARACTERS) add(part.toLowerCase());
    }
    for (const form of base64Forms(secret).slice(0, 2)) for (const line of brokenIntoLines(form)) add(line);
  }
  return [...patterns];
}

function brokenIntoLines(base64: string): string[] {
  return BASE64_LINES.flatMap((width) => base64.match(new RegExp(`.{1,${width}}`, "g")) ?? []);
}

interface Span {
  start: number;
  end: number;
}

/** Patterns by a hash of their first characters: a text is gone through once, however many patterns there are. */
type PatternIndex = readonly (readonly string[] | undefined)[];

function indexOf(patterns: readonly string[]): PatternIndex {
  const index: string[][] = [];
  for (const pattern of patterns) {
    index[startHash(pattern, 0)] ??= [];
    index[startHash(pattern, 0)]!.push(pattern);
  }
  return index;
}

/** Of `SECRET_MIN_CHARACTERS` characters, which every pattern has. */
function startHash(text: string, at: number): number {
  const [a, b] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  const [c, d] = [text.charCodeAt(at + 2), text.charCodeAt(at + 3)];
  return (a ^ (b << 3) ^ (c << 6) ^ (d << 9)) & 0xffff;
}

/** All places of all patterns in order; those that overlap or touch are one. */
function spansOf(text: string, patterns: PatternIndex): Span[] {
  const found: Span[] = [];
  if (patterns.length === 0) return found;
  for (let start = 0; start + SECRET_MIN_CHARACTERS <= text.length; start += 1) {
    for (const pattern of patterns[startHash(text, start)] ?? []) {
      if (text.startsWith(pattern, start)) found.push({ start, end: start + pattern.length });
    }
  }
  const merged: Span[] = [];
  for (const span of found) {
    const last = merged.at(-1);
    if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else merged.push(span);
  }
  return merged;
}

function replaceSpans(text: string, spans: readonly Span[]): string {
  let at = 0;
  let masked = "";
  for (const { start, end } of spans) {
    masked += text.slice(at, start) + MASK;
    at = end;
  }
  return masked + text.slice(at);
}
