import type { Work } from "../../model/linear-regex/match.ts";
import { type Captures, type CompiledPattern, compilePattern, noCaptures } from "../../model/route-pattern.ts";
import type { Condition, Matcher } from "../../model/routes.ts";
import { type Check, checkOf } from "./conditions.ts";
import type { RequestFacts } from "./request-facts.ts";
import { RuleIndex } from "./rule-index.ts";

export interface Matched<Rule> {
  rule: Rule;
  /** Its place among the rules of its set. */
  number: number;
  captures: Captures;
}

const NONE: readonly number[] = [];
/** What a rule without a regular expression costs, in steps of one. */
const STEPS_PER_RULE = 16;

/** A list of rules; each is made ready for matching when a request first comes near it. */
export class RuleSet<Rule extends Matcher> {
  private readonly ready: (ReadyRule | undefined)[] = [];
  private index: RuleIndex | undefined;

  constructor(private readonly rules: readonly Rule[]) {}

  /** The rules that match, in their order; none is worked out before it is asked for. */
  *matching(path: string, facts: RequestFacts, work: Work): Generator<Matched<Rule>> {
    for (const number of this.candidates(path)) {
      const captures = this.readyRule(number).match(path, facts, work);
      if (captures !== undefined) yield { rule: this.rules[number]!, number, captures };
    }
  }

  first(path: string, facts: RequestFacts, work: Work): Matched<Rule> | undefined {
    for (const number of this.candidates(path)) {
      const captures = this.readyRule(number).match(path, facts, work);
      if (captures !== undefined) return { rule: this.rules[number]!, number, captures };
    }
    return undefined;
  }

  /** Numbers of the rules that could match: cheap, and none for most paths. */
  candidates(path: string): readonly number[] {
    if (this.rules.length === 0) return NONE;
    this.index ??= new RuleIndex(this.rules.map((rule) => rule.path));
    return this.index.candidates(path);
  }

  /** Of the rules that could match. */
  conditionsNear(path: string): readonly Condition[] {
    return this.candidates(path).flatMap((number) => this.rules[number]!.when ?? []);
  }

  private readyRule(number: number): ReadyRule {
    this.ready[number] ??= new ReadyRule(this.rules[number]!);
    return this.ready[number];
  }
}

class ReadyRule {
  private readonly path: CompiledPattern;
  private readonly host: CompiledPattern | undefined;
  private readonly checks: Check[];
  private readonly anySlash: boolean;

  constructor({ path, host, when, anySlash }: Matcher) {
    this.path = compilePattern(path);
    this.host = host && compilePattern(host);
    this.checks = (when ?? []).map(checkOf);
    this.anySlash = anySlash === true;
  }

  match(path: string, facts: RequestFacts, work: Work): Captures | undefined {
    work.left -= STEPS_PER_RULE;
    if (work.left <= 0) return undefined;
    const ofPath = this.path.match(path, work) ?? this.matchOther(path, work);
    if (ofPath === undefined) return undefined;
    if (this.host === undefined && this.checks.length === 0) return ofPath;
    const ofHost = this.host?.match(facts.host, work);
    if (this.host !== undefined && ofHost === undefined) return undefined;
    const captures: Captures = Object.assign(noCaptures(), ofHost, ofPath);
    for (const check of this.checks) if (!check(facts, captures, work)) return undefined;
    return captures;
  }

  /** By the path's other form: with the slash at its end or without, and `/` as the path that no part stands in. */
  private matchOther(path: string, work: Work): Captures | undefined {
    if (path === "/") return this.path.match("", work);
    return this.anySlash ? this.path.match(otherSlash(path), work) : undefined;
  }
}

/** With the slash at its end, or without. */
export function otherSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
}
