import { LinearRegex, type Work } from "../../model/linear-regex/match.ts";
import { type Captures, noCaptures } from "../../model/route-pattern.ts";
import type { Condition, Test } from "../../model/routes.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Whether a request brings what a rule asks for; what it captures is added to `captures`. */
export type Check = (facts: RequestFacts, captures: Captures, work: Work) => boolean;

export function checkOf(condition: Condition): Check {
  if (condition.on === "cookies") {
    const { values } = condition;
    return (facts) => values.some((name) => facts.cookie(name) !== null);
  }
  if (condition.on === "no-other-query") {
    const known = new Set(condition.values);
    return (facts) => facts.parameterNames().every((name) => known.has(name));
  }
  if (condition.on === "language") {
    const wanted = condition.values.map((value) => value.toLowerCase());
    return ({ language }) =>
      language !== null && wanted.some((tag) => language === tag || language.startsWith(`${tag}-`));
  }
  const tests = condition.tests.map(testOf);
  const { on, name, capture, missing } = condition;
  const valueIn = (
    {
      query: (facts) => facts.parameter(name),
      header: (facts) => facts.header(name),
      cookie: (facts) => facts.cookie(name),
      host: (facts) => facts.host,
    } satisfies Record<typeof on, (facts: RequestFacts) => string | null>
  )[on] as (facts: RequestFacts) => string | null;
  return (facts, captures, work) => {
    const value = valueIn(facts);
    const found = noCaptures();
    const holds = value !== null && tests.every((test) => test(value, found, work));
    if (missing) return !holds;
    if (!holds) return false;
    if (capture !== undefined) captures[capture] = value;
    Object.assign(captures, found);
    return true;
  };
}

type Tester = (value: string, captures: Captures, work: Work) => boolean;

function testOf(test: Test): Tester {
  if ("re" in test) {
    const regex = new LinearRegex(test.re);
    return (value, captures, work) => {
      const values = regex.match(value, work);
      if (values === undefined) return false;
      for (const [index, name] of regex.names.entries()) if (name !== null) captures[name] = values[index] ?? "";
      return true;
    };
  }
  if ("eq" in test) return (value) => value === test.eq;
  if ("neq" in test) return (value) => value !== test.neq;
  if ("inc" in test) return (value) => test.inc.includes(value);
  if ("ninc" in test) return (value) => !test.ninc.includes(value);
  if ("pre" in test) return (value) => value.startsWith(test.pre);
  if ("suf" in test) return (value) => value.endsWith(test.suf);
  if ("gt" in test) return (value) => numberIn(value) > test.gt;
  if ("gte" in test) return (value) => numberIn(value) >= test.gte;
  if ("lt" in test) return (value) => numberIn(value) < test.lt;
  return (value) => numberIn(value) <= test.lte;
}

const numberIn = (value: string): number => (value.trim() === "" ? Number.NaN : Number(value));
