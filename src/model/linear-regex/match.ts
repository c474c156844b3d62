import { type CompiledRegex, compileRegex, type Program } from "./compile.ts";
import type { Assertion, Ranges } from "./parse.ts";

export { RegexFault } from "./parse.ts";

/** Steps that may still be spent; several matches of one request share it. */
export interface Work {
  left: number;
}

/** A longer text is matched by no expression. */
export const MAX_INPUT = 4096;

/**
 * A regular expression that has to match a whole text, in time that grows with the product of their two lengths,
 * whatever the two are: backtracking that never tries one step at one place twice (as there are no back references, it
 * would end the same way), and lookaheads worked out for all places beforehand. Captures are those that ECMAScript
 * gives, but for what a repeated group keeps of an earlier round.
 */
export class LinearRegex {
  readonly names: readonly (string | null)[];
  private readonly compiled: CompiledRegex;

  /** @throws RegexFault */
  constructor(text: string) {
    this.compiled = compileRegex(text);
    this.names = this.compiled.names;
  }

  /** The captures, undefined for one that took no part; undefined when the text does not match or no work is left. */
  match(text: string, work: Work): (string | undefined)[] | undefined {
    if (text.length > MAX_INPUT || work.left <= 0) return undefined;
    const tables: Uint8Array[] = [];
    for (const program of this.compiled.looks) tables.push(lookTable(program, text, tables, work));
    return run(this.compiled, text, tables, work);
  }
}

function run(
  { program, names }: CompiledRegex,
  text: string,
  tables: readonly Uint8Array[],
  work: Work,
): (string | undefined)[] | undefined {
  const width = text.length + 1;
  const tried = new Uint8Array(program.length * width);
  // Room has its price too, though a smaller one.
  work.left -= tried.length >> 6;
  const saved = new Int32Array(names.length * 2).fill(-1);
  // Pairs: a step and its place, or what to put back into a slot, written as -1 - slot and the old value.
  const stack = [0, 0];
  while (stack.length > 0) {
    let at = stack.pop()!;
    let step = stack.pop()!;
    if (step < 0) {
      saved[-1 - step] = at;
      continue;
    }
    for (;;) {
      const key = step * width + at;
      if (tried[key] === 1) break;
      tried[key] = 1;
      work.left -= 1;
      if (work.left <= 0) return undefined;
      const instruction = program[step]!;
      if (instruction.op === "set") {
        if (at === text.length || !holds(instruction, text.charCodeAt(at))) break;
        at += 1;
        step += 1;
      } else if (instruction.op === "split") {
        stack.push(instruction.second, at);
        step = instruction.first;
      } else if (instruction.op === "jump") {
        step = instruction.to;
      } else if (instruction.op === "save") {
        stack.push(-1 - instruction.slot, saved[instruction.slot]!);
        saved[instruction.slot] = at;
        step += 1;
      } else if (instruction.op === "assert") {
        if (!asserts(instruction.what, text, at)) break;
        step += 1;
      } else if (instruction.op === "look") {
        if ((tables[instruction.table]![at] === 1) === instruction.negated) break;
        step += 1;
      } else {
        if (at === text.length) return capturesOf(text, saved);
        break;
      }
    }
  }
  return undefined;
}

function capturesOf(text: string, saved: Int32Array): (string | undefined)[] {
  const captures: (string | undefined)[] = [];
  for (let slot = 0; slot < saved.length; slot += 2) {
    const [first, end] = [saved[slot]!, saved[slot + 1]!];
    captures.push(first < 0 || end < first ? undefined : text.slice(first, end));
  }
  return captures;
}

/** For each place of the text, 1 where the program matches something that begins there. From the end backwards. */
function lookTable(program: Program, text: string, tables: readonly Uint8Array[], work: Work): Uint8Array {
  const table = new Uint8Array(text.length + 1);
  let later = new Uint8Array(program.length);
  let now = new Uint8Array(program.length);
  for (let at = text.length; at >= 0; at -= 1) {
    now.fill(0);
    // Steps without a character lead to others at the same place, forwards and, in a loop, backwards.
    for (let changed = true; changed; ) {
      changed = false;
      work.left -= program.length;
      if (work.left <= 0) return table;
      for (let step = program.length - 1; step >= 0; step -= 1) {
        if (now[step] === 1 || !succeeds(program, step, { text, at, now, later, tables })) continue;
        now[step] = 1;
        changed = true;
      }
    }
    table[at] = now[0]!;
    [now, later] = [later, now];
  }
  return table;
}

interface Place {
  text: string;
  at: number;
  now: Uint8Array;
  later: Uint8Array;
  tables: readonly Uint8Array[];
}

function succeeds(program: Program, step: number, { text, at, now, later, tables }: Place): boolean {
  const instruction = program[step]!;
  switch (instruction.op) {
    case "set":
      return at < text.length && later[step + 1] === 1 && holds(instruction, text.charCodeAt(at));
    case "split":
      return now[instruction.first] === 1 || now[instruction.second] === 1;
    case "jump":
      return now[instruction.to] === 1;
    case "save":
      return now[step + 1] === 1;
    case "assert":
      return now[step + 1] === 1 && asserts(instruction.what, text, at);
    case "look":
      return now[step + 1] === 1 && (tables[instruction.table]![at] === 1) !== instruction.negated;
    case "match":
      return true;
  }
}

function holds({ ranges, negated }: { ranges: Ranges; negated: boolean }, code: number): boolean {
  for (const [first, last] of ranges) if (code >= first && code <= last) return !negated;
  return negated;
}

function asserts(what: Assertion, text: string, at: number): boolean {
  if (what === "start") return at === 0;
  if (what === "end") return at === text.length;
  const isBoundary = isWord(text, at - 1) !== isWord(text, at);
  return isBoundary === (what === "word");
}

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\w/.test(text[at]!);
}
