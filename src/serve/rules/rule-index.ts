import type { Pattern } from "../../model/routes.ts";

/** Where rules end, or go on with something else than a whole part between slashes. */
interface Node {
  /** By the literal text of the next part. */
  next?: Map<string, Node>;
  /** Any one part. */
  any?: Node;
  /** Rules whose pattern is used up here. */
  ends?: number[];
  /** Rules that go on freely, by the literal text that the next part has to begin with; '' is any. */
  free?: Map<string, number[]>;
  /** The lengths of the keys of `free`. */
  lengths?: number[];
  /** Rules that go on freely and end with `/` and a literal part, by that part. */
  tails?: Map<string, number[]>;
}

const NONE: readonly number[] = [];

/**
 * Finds the few rules that a path could match, by the literal parts of their patterns, so that thousands of rules cost
 * a request nothing that matches none. It may name a rule that does not match, and leaves out none that does.
 */
export class RuleIndex {
  private readonly exact = new Map<string, number | number[]>();
  private readonly top: Node = {};

  constructor(patterns: readonly Pattern[]) {
    for (const [rule, pattern] of patterns.entries()) {
      const isLiteral = pattern.every((part) => typeof part === "string");
      if (isLiteral) this.addExact(withoutSlash(pattern.join("")), rule);
      else this.addPattern(pattern, rule);
    }
  }

  /** Numbers of rules, ascending. `path` begins with a slash. */
  candidates(path: string): readonly number[] {
    const bare = withoutSlash(path);
    const exact = this.exact.get(bare);
    const { top } = this;
    if (top.next === undefined && top.any === undefined && top.free === undefined && top.tails === undefined) {
      return exact === undefined ? NONE : typeof exact === "number" ? [exact] : exact;
    }
    const found: number[] = [];
    if (typeof exact === "number") found.push(exact);
    else if (exact !== undefined) found.push(...exact);
    walk(top, bare, 1, found);
    return found.length > 1 ? found.sort((a, b) => a - b) : found;
  }

  private addExact(path: string, rule: number): void {
    const earlier = this.exact.get(path);
    if (earlier === undefined) this.exact.set(path, rule);
    else if (typeof earlier === "number") this.exact.set(path, [earlier, rule]);
    else earlier.push(rule);
  }

  private addPattern(pattern: Pattern, rule: number): void {
    let node = this.top;
    const { parts, free } = wholeParts(pattern);
    for (const part of parts) {
      if (part === undefined) {
        node.any ??= {};
        node = node.any;
        continue;
      }
      node.next ??= new Map();
      let next = node.next.get(part);
      if (next === undefined) {
        next = {};
        node.next.set(part, next);
      }
      node = next;
    }
    if (free === undefined) {
      node.ends = push(node.ends, rule);
      return;
    }
    const tail = free === "" ? tailOf(pattern) : undefined;
    if (tail !== undefined) {
      node.tails ??= new Map();
      node.tails.set(tail, push(node.tails.get(tail), rule));
      return;
    }
    node.free ??= new Map();
    node.free.set(free, push(node.free.get(free), rule));
    if (!node.lengths?.includes(free.length)) node.lengths = push(node.lengths, free.length);
  }
}

function push(list: number[] | undefined, value: number): number[] {
  if (list === undefined) return [value];
  list.push(value);
  return list;
}

/** `from` is where the next part begins; beyond the end when there is none. */
function walk(node: Node, path: string, from: number, found: number[]): void {
  if (node.free !== undefined) {
    const end = endOfPart(path, from);
    for (const length of node.lengths!) {
      if (from + length > end && length > 0) continue;
      const rules = node.free.get(path.slice(from, from + length));
      if (rules !== undefined) for (const rule of rules) found.push(rule);
    }
  }
  if (node.tails !== undefined) {
    const rules = node.tails.get(path.slice(path.lastIndexOf("/") + 1));
    if (rules !== undefined) for (const rule of rules) found.push(rule);
  }
  if (from >= path.length) {
    if (node.ends !== undefined) for (const rule of node.ends) found.push(rule);
    return;
  }
  if (node.next === undefined && node.any === undefined) return;
  const end = endOfPart(path, from);
  const next = node.next?.get(path.slice(from, end));
  if (next !== undefined) walk(next, path, end + 1, found);
  if (node.any !== undefined) walk(node.any, path, end + 1, found);
}

function endOfPart(path: string, from: number): number {
  const slash = path.indexOf("/", from);
  return slash === -1 ? Math.max(from, path.length) : slash;
}

/** The parts between slashes that are literal, or (undefined) anything; then what the first other one begins with. */
function wholeParts(pattern: Pattern): { parts: (string | undefined)[]; free: string | undefined } {
  const parts: (string | undefined)[] = [];
  let text = "";
  for (const [position, part] of pattern.entries()) {
    if (typeof part === "string") {
      const pieces = (position === 0 ? part.replace(/^\//, "") : text + part).split("/");
      text = pieces.pop()!;
      parts.push(...pieces);
      continue;
    }
    const after = pattern[position + 1];
    const isWhole =
      "one" in part && text === "" && (after === undefined || (typeof after === "string" && after[0] === "/"));
    if (!isWhole) return { parts, free: text };
    parts.push(undefined);
    if (after === undefined) return { parts, free: undefined };
    // The slash that ends this part.
    const rest: Pattern = [after as string, ...pattern.slice(position + 2)];
    const further = wholeParts(rest);
    return { parts: [...parts, ...further.parts], free: further.free };
  }
  if (text !== "") parts.push(text);
  return { parts, free: undefined };
}

function tailOf(pattern: Pattern): string | undefined {
  const last = pattern.at(-1);
  if (pattern.length < 2 || typeof last !== "string") return undefined;
  const bare = withoutSlash(last);
  const slash = bare.lastIndexOf("/");
  return slash === -1 || bare.length <= slash + 1 ? undefined : bare.slice(slash + 1);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
