import { type Assertion, type Node, parseRegex, type Ranges, RegexFault } from "./parse.ts";

/** One step of a program. `split` tries `first` before `second`. */
export type Instruction =
  | { op: "set"; ranges: Ranges; negated: boolean }
  | { op: "split"; first: number; second: number }
  | { op: "jump"; to: number }
  | { op: "save"; slot: number }
  | { op: "assert"; what: Assertion }
  | { op: "look"; table: number; negated: boolean }
  | { op: "match" };
export type Program = readonly Instruction[];

export interface CompiledRegex {
  program: Program;
  /** Programs of the lookaheads; those that stand inside another one come before it. */
  looks: readonly Program[];
  names: readonly (string | null)[];
}

/** Of all programs of one expression together: with the input's length it bounds the time of a match. */
const MAX_INSTRUCTIONS = 1000;
const MAX_VISITS = 20_000;
const TOO_LARGE = "it is too large once its repetitions are written out";

/** @throws RegexFault */
export function compileRegex(text: string): CompiledRegex {
  const { node, names } = parseRegex(text);
  const compiler = new Compiler();
  const program = compiler.programOf(node);
  return { program, looks: compiler.looks, names };
}

class Compiler {
  readonly looks: Program[] = [];
  private count = 0;
  private visits = 0;

  programOf(node: Node): Program {
    const program: Instruction[] = [];
    this.emit(program, node);
    this.push(program, { op: "match" });
    return program;
  }

  private push(program: Instruction[], instruction: Instruction): number {
    this.count += 1;
    if (this.count > MAX_INSTRUCTIONS) throw new RegexFault(TOO_LARGE);
    return program.push(instruction) - 1;
  }

  private emit(program: Instruction[], node: Node): void {
    // Repetitions of nothing make no instruction, and could go on for ever.
    this.visits += 1;
    if (this.visits > MAX_VISITS) throw new RegexFault(TOO_LARGE);
    switch (node.kind) {
      case "set":
        this.push(program, { op: "set", ranges: node.ranges, negated: node.negated });
        return;
      case "assert":
        this.push(program, { op: "assert", what: node.what });
        return;
      case "sequence":
        for (const part of node.nodes) this.emit(program, part);
        return;
      case "capture":
        this.push(program, { op: "save", slot: node.index * 2 });
        this.emit(program, node.node);
        this.push(program, { op: "save", slot: node.index * 2 + 1 });
        return;
      case "look": {
        const table = this.looks.push(this.programOf(node.node)) - 1;
        this.push(program, { op: "look", table, negated: node.negated });
        return;
      }
      case "choice":
        this.emitChoice(program, node.nodes);
        return;
      case "repeat":
        this.emitRepeat(program, node);
    }
  }

  private emitChoice(program: Instruction[], nodes: readonly Node[]): void {
    const jumps: number[] = [];
    for (const [position, node] of nodes.entries()) {
      if (position === nodes.length - 1) {
        this.emit(program, node);
        break;
      }
      const split = this.push(program, { op: "split", first: program.length + 1, second: 0 });
      this.emit(program, node);
      jumps.push(this.push(program, { op: "jump", to: 0 }));
      program[split] = { op: "split", first: split + 1, second: program.length };
    }
    for (const jump of jumps) program[jump] = { op: "jump", to: program.length };
  }

  private emitRepeat(program: Instruction[], { node, min, max, lazy }: Node & { kind: "repeat" }): void {
    for (let n = 0; n < min; n += 1) this.emit(program, node);
    const fork = (at: number, inside: number, outside: number) => {
      program[at] = lazy
        ? { op: "split", first: outside, second: inside }
        : { op: "split", first: inside, second: outside };
    };
    if (max === Number.POSITIVE_INFINITY) {
      const split = this.push(program, { op: "jump", to: 0 });
      this.emit(program, node);
      this.push(program, { op: "jump", to: split });
      fork(split, split + 1, program.length);
      return;
    }
    const splits: number[] = [];
    for (let n = min; n < max; n += 1) {
      splits.push(this.push(program, { op: "jump", to: 0 }));
      this.emit(program, node);
    }
    for (const split of splits) fork(split, split + 1, program.length);
  }
}
