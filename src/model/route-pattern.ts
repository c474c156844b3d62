import { LinearRegex, type Work } from "./linear-regex/match.ts";
import type { Pattern, PatternPart, Template } from "./routes.ts";

/** Without a prototype: a name may be `constructor`. */
export type Captures = Record<string, string>;
export const noCaptures = (): Captures => Object.create(null);

/** A pattern made ready for matching. */
export interface CompiledPattern {
  /** What the text's parts hold, by name; undefined when the pattern does not match. */
  match(text: string, work: Work): Captures | undefined;
}

const NOTHING: Captures = Object.freeze(noCaptures());

/** @throws RegexFault */
export function compilePattern(pattern: Pattern): CompiledPattern {
  const [first = "", second] = pattern;
  if (typeof first === "string") {
    if (pattern.length <= 1) return { match: (text) => (text === first ? NOTHING : undefined) };
    if (pattern.length === 2 && typeof second === "object" && "rest" in second) {
      const { rest } = second;
      return { match: (text) => (text.startsWith(first) ? { [rest]: text.slice(first.length) } : undefined) };
    }
  }
  const names = pattern.map(nameOf).filter((name) => name !== undefined);
  const regex = new LinearRegex(pattern.map(regexOf).join(""));
  return {
    match(text, work) {
      const values = regex.match(text, work);
      if (values === undefined) return undefined;
      const captures = noCaptures();
      for (const [index, name] of names.entries()) captures[name] ??= values[index] ?? "";
      return captures;
    },
  };
}

/** The names that a pattern gives to what it matches. */
export function namesIn(pattern: Pattern): string[] {
  return pattern.map(nameOf).filter((name) => name !== undefined);
}

/** What a template's names stand for put in; a name that holds nothing leaves nothing. */
export function fillIn(
  template: Template,
  captures: Captures,
  encode: (value: string, before: string) => string,
): string {
  let text = "";
  for (const part of template) {
    if (typeof part === "string") text += part;
    else if (Object.hasOwn(captures, part.use)) text += encode(captures[part.use]!, text);
  }
  return text;
}

function nameOf(part: PatternPart): string | undefined {
  if (typeof part === "string") return undefined;
  if ("one" in part) return part.one;
  if ("label" in part) return part.label;
  return "rest" in part ? part.rest : part.name;
}

function regexOf(part: PatternPart): string {
  if (typeof part === "string") return part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  if ("one" in part) return "([^/]+)";
  if ("label" in part) return "([^/.]+)";
  return "rest" in part ? "((?:.|[\\n\\r\\u2028\\u2029])*)" : part.group;
}
