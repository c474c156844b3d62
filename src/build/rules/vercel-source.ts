import { LinearRegex, RegexFault } from "../../model/linear-regex/match.ts";
import type { Pattern, PatternPart } from "../../model/routes.ts";
import { BadRule, NeedlessRule, quoted } from "./faults.ts";
import { decoded } from "./url-pattern.ts";

interface Token {
  name: string;
  regex: string;
  prefix: string;
  suffix: string;
  modifier: string;
}

const PART = "[^/]+?";

/**
 * `source` of a vercel.json: the grammar of path-to-regexp 6, with `strict` and `sensitive`: `:name`, `:name(regex)`,
 * `(regex)`, `{…}` and the modifiers `?`, `*`, `+`. Groups without a name are called `0`, `1`, …
 * https://vercel.com/docs/project-configuration/vercel-json#redirects
 * @throws BadRule, and NeedlessRule where no path can match
 */
export function parseVercelSource(source: string): { path: Pattern; names: string[] } {
  const parts = new SourceParser(source).parse();
  // Vercel takes it, and it matches nothing there.
  if (!canBeginPath(parts[0]))
    throw new NeedlessRule(`the source ${quoted(source)} does not begin with '/', and no path is without one`);
  const names = parts.flatMap((part) => (typeof part === "string" || part.name === "" ? [] : [part.name]));
  if (new Set(names).size < names.length) throw new BadRule(`${quoted(source)} uses a name twice`);
  const path = parts.map(
    (part, index): PatternPart => (typeof part === "string" ? decoded(part) : patternOf(part, parts[index + 1])),
  );
  return { path: withPrefixes(path), names };
}

/** A regular expression of its own, such as `(.*)`, may match the slash that each path begins with. */
function canBeginPath(first: Token | string | undefined): boolean {
  if (first === undefined || typeof first === "string") return first?.startsWith("/") ?? false;
  const { prefix, regex, suffix, modifier } = first;
  if (modifier === "?" || modifier === "*") return true;
  const text = prefix + (regex === "" ? suffix : "");
  return text === "" ? regex !== "" && regex !== PART : text.startsWith("/");
}

/** @throws BadRule */
export function checkedRegex(text: string): string {
  try {
    new LinearRegex(text);
    return text;
  } catch (error) {
    if (error instanceof RegexFault)
      throw new BadRule(`the regular expression ${quoted(text)} can't be used: ${error.message}`);
    throw error;
  }
}

/** As path-to-regexp makes it. A whole part between slashes has a form of its own, which the index knows. */
function patternOf({ name, regex, prefix, suffix, modifier }: Token, next: Token | string | undefined): PatternPart {
  const endsPart =
    next === undefined ||
    (typeof next === "string" ? next.startsWith("/") : next.prefix === "/" && next.modifier === "");
  if (regex === PART && modifier === "" && suffix === "" && prefix === "/" && endsPart) return { one: name };
  if (regex === ".*" && modifier === "" && suffix === "" && prefix === "/" && next === undefined) return { rest: name };
  const [before, after] = [literal(prefix), literal(suffix)];
  if (regex === "") return { group: checkedRegex(`(?:${before}${after})${modifier}`) };
  if (before === "" && after === "")
    return { group: checkedRegex(modifier === "" ? `(${regex})` : `((?:${regex})${modifier})`), name };
  if (modifier === "*" || modifier === "+") {
    const again = `(?:${after}${before}(?:${regex}))*`;
    return { group: checkedRegex(`(?:${before}((?:${regex})${again})${after})${modifier === "*" ? "?" : ""}`), name };
  }
  // The slash before a group that has to be there is literal text: the index goes by it.
  if (modifier === "" && prefix === "/") return { group: checkedRegex(`/(${regex})${after}`), name };
  return { group: checkedRegex(`(?:${before}(${regex})${after})${modifier}`), name };
}

/** Takes the slash that belongs to a part into the literal text before it. */
function withPrefixes(path: Pattern): Pattern {
  const result: Pattern = [];
  const addText = (text: string) => {
    const last = result.at(-1);
    if (typeof last === "string") result[result.length - 1] = last + text;
    else result.push(text);
  };
  for (const part of path) {
    if (typeof part === "string") {
      addText(part);
    } else if ("group" in part) {
      if (part.group.startsWith("/(")) {
        addText("/");
        result.push({ ...part, group: part.group.slice(1) });
      } else result.push(part);
    } else {
      addText("/");
      result.push(part);
    }
  }
  return result;
}

const literal = (text: string): string =>
  decoded(text)
    .replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
    .replaceAll("\\/", "/");

class SourceParser {
  private at = 0;
  private unnamed = 0;

  constructor(private readonly source: string) {}

  parse(): (Token | string)[] {
    const parts: (Token | string)[] = [];
    let text = "";
    const flush = () => {
      if (text !== "") parts.push(text);
      text = "";
    };
    while (this.at < this.source.length) {
      const character = this.source[this.at]!;
      if (character === "{") {
        this.at += 1;
        flush();
        parts.push(this.braces());
      } else if (/[}*+?]/.test(character)) {
        throw new BadRule(`${quoted(this.source)} has a '${character}' where none can stand`);
      } else if (character === ":" || character === "(") {
        // A slash directly before a name belongs to it: `/:path*` matches the path without it as well.
        const prefix = /[/.]$/.exec(text)?.[0] ?? "";
        text = text.slice(0, text.length - prefix.length);
        flush();
        parts.push({ ...this.group()!, prefix, suffix: "", modifier: this.modifier() });
      } else text += this.character();
    }
    flush();
    return parts;
  }

  private braces(): Token {
    const prefix = this.text();
    const group = this.group();
    const suffix = this.text();
    if (this.source[this.at] !== "}") throw new BadRule(`${quoted(this.source)} has a '{' without its '}'`);
    this.at += 1;
    return { ...(group ?? { name: "", regex: "" }), prefix, suffix, modifier: this.modifier() };
  }

  private text(): string {
    let text = "";
    while (this.at < this.source.length && !/[{}:(*+?]/.test(this.source[this.at]!)) text += this.character();
    return text;
  }

  private character(): string {
    if (this.source[this.at] === "\\") this.at += 1;
    const character = this.source[this.at];
    if (character === undefined) throw new BadRule(`${quoted(this.source)} ends with a backslash`);
    this.at += 1;
    return character;
  }

  /** A name, a regular expression in parentheses, or both. */
  private group(): Pick<Token, "name" | "regex"> | undefined {
    let name: string | undefined;
    if (this.source[this.at] === ":") {
      name = /^\w+/.exec(this.source.slice(this.at + 1))?.[0];
      if (name === undefined) throw new BadRule(`${quoted(this.source)} has a ':' without a name`);
      this.at += name.length + 1;
    }
    if (this.source[this.at] === "(") return { regex: this.parentheses(), name: name ?? String(this.unnamed++) };
    return name === undefined ? undefined : { name, regex: PART };
  }

  private parentheses(): string {
    const start = this.at + 1;
    if (this.source[start] === "?")
      throw new BadRule(`a group of ${quoted(this.source)} begins with '?': write it within another, '((?!…).*)'`);
    let depth = 0;
    for (; this.at < this.source.length; this.at += 1) {
      const character = this.source[this.at];
      if (character === "\\") this.at += 1;
      else if (character === "(") {
        depth += 1;
        if (depth > 1 && this.source[this.at + 1] !== "?")
          throw new BadRule(`a group of ${quoted(this.source)} holds another that captures: write '(?:…)'`);
        if (this.source.startsWith("(?<", this.at))
          throw new BadRule(`a group of ${quoted(this.source)} holds one with a name: write '(?:…)'`);
      } else if (character === ")") {
        depth -= 1;
        if (depth > 0) continue;
        const regex = this.source.slice(start, this.at);
        this.at += 1;
        if (regex === "") throw new BadRule(`${quoted(this.source)} has an empty group`);
        return checkedRegex(regex);
      }
    }
    throw new BadRule(`${quoted(this.source)} has a '(' without its ')'`);
  }

  private modifier(): string {
    const character = this.source[this.at] ?? "";
    if (!/^[*+?]$/.test(character)) return "";
    this.at += 1;
    return character;
  }
}
