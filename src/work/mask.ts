import { seenText } from "../model/terminal-text.ts";
import { SECRET_MIN_CHARACTERS } from "../model/variables.ts";
import { base64Lines, formsOf } from "./secret-forms.ts";

const MASK = "***";
/** From this length on a value in small letters is told from words that logs are full of. */
const LOWER_CASE_MIN_CHARACTERS = 8;
/** A text that is not free of secrets after so many is made of them: nothing of it is shown. */
const ROUNDS_MAX = 8;

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
    for (const line of base64Lines(secret)) add(line);
  }
  return [...patterns];
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
  if (patterns.length === 0) return [];
  const found = placesOf(text, patterns);
  // Colours and controls in the midst of a secret hide it from nobody who reads the log.
  const seen = seenText(text);
  if (seen !== undefined) {
    for (const { start, end } of placesOf(seen.text, patterns)) {
      found.push({ start: seen.places[start]!, end: seen.places[end - 1]! + 1 });
    }
    found.sort((a, b) => a.start - b.start);
  }
  const merged: Span[] = [];
  for (const span of found) {
    const last = merged.at(-1);
    if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return merged;
}

/** By their starts; they may overlap. */
function placesOf(text: string, patterns: PatternIndex): Span[] {
  const found: Span[] = [];
  for (let start = 0; start + SECRET_MIN_CHARACTERS <= text.length; start += 1) {
    for (const pattern of patterns[startHash(text, start)] ?? []) {
      if (text.startsWith(pattern, start)) found.push({ start, end: start + pattern.length });
    }
  }
  return found;
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
