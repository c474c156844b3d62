import type { Condition } from "../../model/routes.ts";
import { BadRule, quoted } from "./faults.ts";

const ABSENT: Record<string, string> = {
  country: "it asks for the visitor's country, which Berth does not know",
  role: "it asks for the visitor's role, which Berth does not know",
  sign: "it asks for a signature on the request, which Berth does not make",
  signed: "it asks for a signature on the request, which Berth does not make",
};

/**
 * Netlify's conditions: parameters of the query that must be there, with a value or with any (`id=:id`), and no others;
 * the language that the browser prefers; cookies of which one must be there.
 * https://docs.netlify.com/manage/routing/redirects/redirect-options/#query-parameters
 * @throws BadRule
 */
export function conditionsOf(
  query: readonly (readonly [string, string])[],
  named: readonly (readonly [string, string])[],
): Condition[] {
  const conditions: Condition[] = [];
  for (const [name, value] of query) {
    if (/^:[A-Za-z]\w*$/.test(value)) conditions.push({ on: "query", name, tests: [], capture: value.slice(1) });
    else if (value.startsWith(":")) throw new BadRule(`${quoted(value)} is no placeholder`);
    else conditions.push({ on: "query", name, tests: [{ eq: decodedValue(value) }] });
  }
  if (query.length > 0) conditions.push({ on: "no-other-query", values: query.map(([name]) => name) });
  for (const [name, value] of named) {
    const key = name.toLowerCase();
    if (Object.hasOwn(ABSENT, key)) throw new BadRule(ABSENT[key]!);
    const values = value
      .split(",")
      .map((text) => text.trim())
      .filter((text) => text !== "");
    if (values.length === 0) throw new BadRule(`the condition ${quoted(name)} has no value`);
    if (key === "language") conditions.push({ on: "language", values });
    else if (key === "cookie") conditions.push({ on: "cookies", values });
    else throw new BadRule(`${quoted(name)} is no condition: there are Language and Cookie`);
  }
  return conditions;
}

function decodedValue(value: string): string {
  return new URLSearchParams(`x=${value.replaceAll("&", "%26")}`).get("x") ?? "";
}
