import type { Condition, Test } from "../../model/routes.ts";
import { BadRule, quoted } from "./faults.ts";
import { checkedRegex } from "./vercel-source.ts";

type Table = Record<string, unknown>;
const KINDS = ["header", "cookie", "query", "host"] as const;

/**
 * `has` and `missing`: a text is a regular expression for the whole value, an object compares; without either the
 * header, cookie or parameter has only to be there. What it holds can be used by its key, or by the names of the
 * expression's groups. https://vercel.com/docs/project-configuration/vercel-json#redirects
 * @throws BadRule
 */
export function vercelConditions(has: unknown, missing: unknown): Condition[] {
  return [
    ...listOf(has, "has").map((item) => conditionOf(item, false)),
    ...listOf(missing, "missing").map((item) => conditionOf(item, true)),
  ];
}

function listOf(value: unknown, key: string): Table[] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null);
  if (!isList || value.length > 16) throw new BadRule(`'${key}' is no list of at most 16 objects`);
  return value as Table[];
}

function conditionOf({ type, key, value, ...others }: Table, isMissing: boolean): Condition {
  const on = KINDS.find((kind) => kind === type);
  if (on === undefined)
    throw new BadRule(`${quoted(String(type))} is no type of a condition: there are ${KINDS.join(", ")}`);
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw new BadRule(`${quoted(unknown)} is no key of a condition`);
  if (on !== "host" && (typeof key !== "string" || key === ""))
    throw new BadRule(`a condition on a ${on} has no 'key'`);
  if (on === "host" && value === undefined) throw new BadRule("a condition on the host has no 'value'");
  const name = on === "host" ? "" : on === "header" ? headerKey(key as string) : (key as string);
  const condition: Condition = { on, name, tests: testsOf(value) };
  if (isMissing) return { ...condition, missing: true };
  if (on === "host") condition.capture = "host";
  else if (value === undefined && /^[A-Za-z_]\w*$/.test(key as string)) condition.capture = key as string;
  return condition;
}

function headerKey(key: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key)) throw new BadRule(`${quoted(key)} is no name of a header`);
  const name = key.toLowerCase();
  // https://vercel.com/docs/headers/request-headers#x-vercel-ip-country
  if (name.startsWith("x-vercel-ip-")) {
    throw new BadRule(`the header ${quoted(key)} says where the visitor is, which Berth does not know`);
  }
  return name;
}

function testsOf(value: unknown): Test[] {
  if (value === undefined || value === "") return [];
  if (typeof value === "string") return [{ re: checkedRegex(value) }];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadRule("the 'value' of a condition is neither a text nor an object");
  }
  return Object.entries(value as Table).map(([operator, operand]) => testOf(operator, operand));
}

function testOf(operator: string, operand: unknown): Test {
  const text = typeof operand === "string" || typeof operand === "number" ? String(operand) : undefined;
  const list = Array.isArray(operand) ? operand.map(String) : undefined;
  const number =
    typeof operand === "number" ? operand : Number(text === undefined || text.trim() === "" ? Number.NaN : text);
  const needed = <T>(given: T | undefined): T => {
    if (given === undefined || Number.isNaN(given))
      throw new BadRule(`'${operator}' of a condition has no fitting value`);
    return given;
  };
  switch (operator) {
    case "eq":
      return { eq: needed(text) };
    case "neq":
      return { neq: needed(text) };
    case "inc":
      return { inc: needed(list) };
    case "ninc":
      return { ninc: needed(list) };
    case "pre":
      return { pre: needed(text) };
    case "suf":
      return { suf: needed(text) };
    case "re":
      return { re: checkedRegex(needed(text)) };
    case "gt":
      return { gt: needed(number) };
    case "gte":
      return { gte: needed(number) };
    case "lt":
      return { lt: needed(number) };
    case "lte":
      return { lte: needed(number) };
    default:
      throw new BadRule(`${quoted(operator)} is no comparison that a condition knows`);
  }
}
