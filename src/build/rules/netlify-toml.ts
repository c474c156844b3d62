import { namesIn } from "../../model/route-pattern.ts";
import type { HeaderRoute, Route } from "../../model/routes.ts";
import { parseToml } from "../toml.ts";
import { parseDestination } from "./destination.ts";
import { BadRule, noting, quoted, type RuleFault } from "./faults.ts";
import { headerName, headerValue } from "./header-parts.ts";
import { conditionsOf } from "./netlify-conditions.ts";
import { checkedStatus, namesOf } from "./route-parts.ts";
import { parseUrlPattern } from "./url-pattern.ts";

type Table = Record<string, unknown>;

const REDIRECT_KEYS = new Set([
  ...["from", "origin", "to", "destination", "status", "force", "query", "params", "parameters", "conditions"],
  ...["headers", "signed", "sign", "signing"],
]);

/**
 * `[[redirects]]` and `[[headers]]` of a netlify.toml.
 * https://docs.netlify.com/build/configure-builds/file-based-configuration/#redirects
 */
export function parseNetlifyToml(
  text: string,
  file: string,
  faults: RuleFault[],
): { routes: Route[]; headers: HeaderRoute[] } {
  const parsed = noting(faults, { file, line: 1 }, () => tablesIn(text));
  const routes = tablesOf(parsed?.redirects, { name: "redirects", text, file, faults }).flatMap(
    ({ table, line }) => noting(faults, { file, line }, () => redirectOf(table, { file, line })) ?? [],
  );
  const headers = tablesOf(parsed?.headers, { name: "headers", text, file, faults }).flatMap(
    ({ table, line }) => noting(faults, { file, line }, () => headersOf(table, { file, line })) ?? [],
  );
  return { routes, headers };
}

function tablesIn(text: string): Table {
  try {
    return parseToml(text);
  } catch (error) {
    throw new BadRule(`the file is no TOML (${(error as Error).message.split("\n")[0]!.slice(0, 200)})`);
  }
}

interface Listing {
  name: string;
  text: string;
  file: string;
  faults: RuleFault[];
}

function tablesOf(value: unknown, { name, text, file, faults }: Listing): { table: Table; line: number }[] {
  if (value === undefined) return [];
  const lines = linesOf(name, text);
  if (!Array.isArray(value)) {
    faults.push({ file, line: lines[0] ?? 1, reason: `'${name}' is no list of tables: write [[${name}]]` });
    return [];
  }
  return value.flatMap((table: unknown, index) => {
    const line = lines[index] ?? lines.at(-1) ?? 1;
    if (typeof table === "object" && table !== null) return [{ table: table as Table, line }];
    faults.push({ file, line, reason: `an entry of '${name}' is no table` });
    return [];
  });
}

/** Where each `[[name]]` stands, outside of texts of several lines; else where the key does. */
function linesOf(name: string, text: string): number[] {
  const blanked = text.replace(/"""[\s\S]*?"""|'''[\s\S]*?'''/g, (inside) => inside.replace(/[^\n]/g, " "));
  const lines = blanked.split("\n");
  const numbers = (pattern: RegExp) => lines.flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
  const tables = numbers(new RegExp(`^\\s*\\[\\[\\s*["']?${name}["']?\\s*\\]\\]`));
  return tables.length > 0 ? tables : numbers(new RegExp(`^\\s*\\[?["']?${name}\\b`));
}

function redirectOf(table: Table, origin: Route["origin"]): Route {
  for (const key of Object.keys(table)) {
    if (!REDIRECT_KEYS.has(key)) throw new BadRule(`${quoted(key)} is no key of a redirect that Berth knows`);
  }
  if (table.signed ?? table.sign ?? table.signing) conditionsOf([], [["signed", "x"]]);
  const from = textIn(table, ["from", "origin"]);
  const target = textIn(table, ["to", "destination"]);
  const { path, host } = parseUrlPattern(from);
  const when = conditionsOf(
    pairsIn(table.query ?? table.params ?? table.parameters, "query"),
    pairsIn(table.conditions, "conditions"),
  );
  const to = parseDestination(target, namesOf(path, host, when));
  const { status: written } = table;
  const status = written === undefined ? 301 : checkedStatus(Number(written), String(written));
  const route: Route = { path, anySlash: true, to, status, origin };
  if (host !== undefined) route.host = host;
  if (when.length > 0) route.when = when;
  if (table.force !== undefined && typeof table.force !== "boolean")
    throw new BadRule("'force' is neither true nor false");
  if (table.force) route.forced = true;
  if (table.headers !== undefined) {
    const headers = pairsIn(table.headers, "headers").map(([name, value]) => [headerName(name), fixedValue(value)]);
    route.proxyHeaders = Object.fromEntries(headers);
  }
  return route;
}

function fixedValue(value: string): string {
  return headerValue(value, new Set()).join("");
}

function headersOf(table: Table, origin: Route["origin"]): HeaderRoute {
  const pattern = parseUrlPattern(textIn(table, ["for"]));
  const known = new Set([...namesIn(pattern.path), ...namesIn(pattern.host ?? [])]);
  const { values } = table;
  if (typeof values !== "object" || values === null) throw new BadRule("'values' is missing or no table");
  const headers = Object.entries(values as Table).flatMap(([name, value]) => {
    const list = Array.isArray(value) ? value : [value];
    return list.map((one): HeaderRoute["headers"][number] => {
      if (!["string", "number", "boolean"].includes(typeof one))
        throw new BadRule(`the value of ${quoted(name)} is no text`);
      const lines = String(one)
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== "");
      return [headerName(name), headerValue(lines.join(" "), known)];
    });
  });
  if (headers.length === 0) throw new BadRule("'values' has no header");
  return { ...pattern, anySlash: true, headers, joins: true, origin };
}

function textIn(table: Table, keys: readonly string[]): string {
  for (const key of keys) {
    const value = table[key];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (value !== undefined) throw new BadRule(`${quoted(key)} is no text`);
  }
  throw new BadRule(`'${keys[0]}' is missing`);
}

function pairsIn(value: unknown, key: string): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BadRule(`'${key}' is no table`);
  return Object.entries(value as Table).map(([name, one]) => {
    const text = Array.isArray(one) ? one.join(",") : one;
    if (!["string", "number", "boolean"].includes(typeof text))
      throw new BadRule(`the value of ${quoted(name)} is no text`);
    return [name, String(text)];
  });
}
