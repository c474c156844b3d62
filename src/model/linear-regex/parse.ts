/** The syntax tree of a regular expression: ECMAScript's, less back references, lookbehind and `\p{…}`. */
export type Node =
  | { kind: "set"; ranges: Ranges; negated: boolean }
  | { kind: "sequence"; nodes: Node[] }
  | { kind: "choice"; nodes: Node[] }
  | { kind: "repeat"; node: Node; min: number; max: number; lazy: boolean }
  | { kind: "capture"; node: Node; index: number }
  | { kind: "look"; node: Node; negated: boolean }
  | { kind: "assert"; what: Assertion };
export type Assertion = "start" | "end" | "word" | "no-word";
/** Pairs of first and last code unit, both included. */
export type Ranges = readonly (readonly [first: number, last: number])[];

export interface ParsedRegex {
  node: Node;
  /** One for each capture; null for one without a name. */
  names: (string | null)[];
}

/** The text is no regular expression, or one that can't be matched in linear time. */
export class RegexFault extends Error {}

const MAX_LENGTH = 4096;
const MAX_DEPTH = 100;
const DIGIT: Ranges = [[48, 57]];
// biome-ignore format: four ranges
const WORD: Ranges = [[48, 57], [65, 90], [95, 95], [97, 122]];
// biome-ignore format: what ECMAScript takes for white space
const SPACE: Ranges = [[9, 13], [32, 32], [160, 160], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029],
  [0x202f, 0x202f], [0x205f, 0x205f], [0x3000, 0x3000], [0xfeff, 0xfeff]];
const LINE_ENDS: Ranges = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];
const CONTROLS: Record<string, number> = { n: 10, r: 13, t: 9, v: 11, f: 12, "0": 0 };

/** @throws RegexFault */
export function parseRegex(text: string): ParsedRegex {
  if (text.length > MAX_LENGTH) throw new RegexFault(`it is longer than ${MAX_LENGTH} characters`);
  return new Parser(text).parse();
}

class Parser {
  private at = 0;
  private depth = 0;
  private readonly names: (string | null)[] = [];

  constructor(private readonly text: string) {}

  parse(): ParsedRegex {
    const node = this.choice();
    if (this.at < this.text.length) throw new RegexFault("a ')' has no '('");
    return { node, names: this.names };
  }

  private choice(): Node {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new RegexFault("its groups are nested too deeply");
    const nodes = [this.sequence()];
    while (this.take("|")) nodes.push(this.sequence());
    this.depth -= 1;
    return nodes.length === 1 ? nodes[0]! : { kind: "choice", nodes };
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    while (this.at < this.text.length && this.text[this.at] !== "|" && this.text[this.at] !== ")") {
      nodes.push(this.quantified(this.atom()));
    }
    return nodes.length === 1 ? nodes[0]! : { kind: "sequence", nodes };
  }

  private quantified(node: Node): Node {
    let bounds: [number, number] | undefined;
    if (this.take("*")) bounds = [0, Number.POSITIVE_INFINITY];
    else if (this.take("+")) bounds = [1, Number.POSITIVE_INFINITY];
    else if (this.take("?")) bounds = [0, 1];
    else {
      const counted = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.text.slice(this.at, this.at + 12));
      if (counted === null) return node;
      this.at += counted[0].length;
      const min = Number(counted[1]);
      bounds = [min, counted[3] ? Number(counted[3]) : counted[2] ? Number.POSITIVE_INFINITY : min];
    }
    const [min, max] = bounds;
    if (max < min) throw new RegexFault("a repetition has its numbers in the wrong order");
    const lazy = this.take("?");
    if (/[*+?]/.test(this.text[this.at] ?? "")) throw new RegexFault("there is nothing to repeat");
    return { kind: "repeat", node, min, max, lazy };
  }

  private atom(): Node {
    const character = this.text[this.at]!;
    this.at += 1;
    switch (character) {
      case "(":
        return this.group();
      case "[":
        return this.set();
      case ".":
        return { kind: "set", ranges: LINE_ENDS, negated: true };
      case "^":
        return { kind: "assert", what: "start" };
      case "$":
        return { kind: "assert", what: "end" };
      case "\\":
        return this.escape();
      case "*":
      case "+":
      case "?":
        throw new RegexFault("there is nothing to repeat");
      default:
        return single(character.charCodeAt(0));
    }
  }

  private group(): Node {
    let node: Node;
    if (this.take("?:")) node = this.choice();
    else if (this.take("?=")) node = { kind: "look", node: this.choice(), negated: false };
    else if (this.take("?!")) node = { kind: "look", node: this.choice(), negated: true };
    else if (this.text.startsWith("?<=", this.at) || this.text.startsWith("?<!", this.at)) {
      throw new RegexFault("lookbehind is not supported");
    } else {
      let name: string | null = null;
      if (this.take("?")) {
        name = /^<([A-Za-z_]\w{0,63})>/.exec(this.text.slice(this.at, this.at + 70))?.[1] ?? null;
        if (name === null) throw new RegexFault("a group begins with '(?' and something unknown");
        if (this.names.includes(name)) throw new RegexFault(`two groups are named '${name}'`);
        this.at += name.length + 2;
      }
      const index = this.names.push(name) - 1;
      node = { kind: "capture", node: this.choice(), index };
    }
    if (!this.take(")")) throw new RegexFault("a '(' has no ')'");
    return node;
  }

  private escape(): Node {
    const character = this.text[this.at];
    if (character === "b" || character === "B") {
      this.at += 1;
      return { kind: "assert", what: character === "b" ? "word" : "no-word" };
    }
    if (character !== undefined && /[1-9k]/.test(character)) throw new RegexFault("back references are not supported");
    const shorthand = this.shorthand();
    return shorthand ? { kind: "set", ...shorthand } : single(this.escapedUnit());
  }

  private shorthand(): { ranges: Ranges; negated: boolean } | undefined {
    const character = this.text[this.at] ?? "";
    const ranges = { d: DIGIT, w: WORD, s: SPACE }[character.toLowerCase()];
    if (ranges === undefined) return undefined;
    this.at += 1;
    return { ranges, negated: character !== character.toLowerCase() };
  }

  private escapedUnit(): number {
    const character = this.text[this.at];
    if (character === undefined) throw new RegexFault("it ends with a backslash");
    this.at += 1;
    if (Object.hasOwn(CONTROLS, character)) return CONTROLS[character]!;
    const digits = { x: 2, u: 4 }[character];
    if (digits !== undefined) {
      const hex = this.text.slice(this.at, this.at + digits);
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits)
        throw new RegexFault(`'\\${character}' needs ${digits} hex digits`);
      this.at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[A-Za-z0-9]/.test(character)) throw new RegexFault(`'\\${character}' is not supported`);
    return character.charCodeAt(0);
  }

  private set(): Node {
    const negated = this.take("^");
    const ranges: (readonly [number, number])[] = [];
    while (!this.take("]")) {
      const first = this.setPart();
      if (typeof first !== "number") {
        ranges.push(...first);
        continue;
      }
      if (this.text[this.at] !== "-" || this.text[this.at + 1] === "]") {
        ranges.push([first, first]);
        continue;
      }
      this.at += 1;
      const last = this.setPart();
      if (typeof last !== "number") ranges.push([first, first], [45, 45], ...last);
      else if (last < first) throw new RegexFault("a range in brackets is the wrong way round");
      else ranges.push([first, last]);
    }
    return { kind: "set", ranges, negated };
  }

  private setPart(): number | Ranges {
    const character = this.text[this.at];
    if (character === undefined) throw new RegexFault("a '[' has no ']'");
    this.at += 1;
    if (character !== "\\") return character.charCodeAt(0);
    if (this.take("b")) return 8;
    const shorthand = this.shorthand();
    if (shorthand === undefined) return this.escapedUnit();
    return shorthand.negated ? inverted(shorthand.ranges) : shorthand.ranges;
  }

  private take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }
}

const single = (code: number): Node => ({ kind: "set", ranges: [[code, code]], negated: false });

/** Ranges in ascending order in; what lies between them out. */
function inverted(ranges: Ranges): Ranges {
  const result: [number, number][] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) result.push([next, first - 1]);
    next = last + 1;
  }
  return [...result, [next, 0xffff]];
}
