import { namesIn } from "../../model/route-pattern.ts";
import type { HeaderRoute, Route } from "../../model/routes.ts";
import { parseToml, TomlTooLarge } from "../toml.ts";
import { parseDestination } from "./destination.ts";
import { BadRule, NeedlessRule, noting, quoted, type RuleFault } from "./faults.ts";
import { headerName, headerValue } from "./header-parts.ts";
import { conditionsOf } from "./netlify-conditions.ts";
import { checkedStatus, namesOf } from "./route-parts.ts";
import { tableLines, tomlFaultLine } from "./toml-lines.ts";
import { ownPath, parseUrlPattern } from "./url-pattern.ts";

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
  const plain = text.replace(/^\uFEFF/, "");
  const parsed = tablesIn(plain, file, faults);
  tellOfContexts(parsed?.context, { text: plain, file, faults });
  for (const key of Object.keys(parsed ?? {})) {
    const right = LISTS.find((name) => name !== key && name === `${key.toLowerCase().replace(/s$/, "")}s`);
    if (right === undefined) continue;
    faults.push({ file, line: linesOf(key, plain)[0] ?? 1, reason: `'${key}' is no key: write [[${right}]]` });
  }
  const routes = tablesOf(parsed?.redirects, { name: "redirects", text: plain, file, faults }).flatMap(
    ({ table, line }) => noting(faults, { file, line }, () => redirectOf(table, { file, line })) ?? [],
  );
  const headers = tablesOf(parsed?.headers, { name: "headers", text: plain, file, faults }).flatMap(
    ({ table, line }) => noting(faults, { file, line }, () => headersOf(table, { file, line })) ?? [],
  );
  return { routes, headers };
}

function tablesIn(text: string, file: string, faults: RuleFault[]): Table | undefined {
  try {
    return parseToml(text);
  } catch (error) {
    const reason = `the file is no TOML (${(error as Error).message.split("\n")[0]!.slice(0, 200)})`;
    // What was not parsed for its size has no line, and is not to be parsed again to find one.
    faults.push({ file, line: error instanceof TomlTooLarge ? 1 : tomlFaultLine(text), reason });
    return undefined;
  }
}

/** Netlify passes over keys that it does not know, so that rules in them are without effect and nothing tells. */
const LISTS = ["redirects", "headers"];

interface Written {
  text: string;
  file: string;
  faults: RuleFault[];
}
interface Listing extends Written {
  name: string;
}

/**
 * Netlify's hold for the whole site, and those of one context are without effect there too.
 * https://docs.netlify.com/manage/routing/headers/#limitations
 */
function tellOfContexts(contexts: unknown, { text, file, faults }: Written): void {
  for (const [context, table] of Object.entries((contexts ?? {}) as Table)) {
    for (const key of ["redirects", "headers"]) {
      if ((table as Table | null)?.[key] === undefined) continue;
      const line = tableLines(text, `context.${context}.${key}`)[0] ?? 1;
      const reason = `'${key}' can't be of one context: write [[${key}]], which hold for all`;
      faults.push({ file, line, reason, isHarmless: true });
    }
  }
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

/** Where each `[[name]]` stands; else where the key does. */
function linesOf(name: string, text: string): number[] {
  const tables = tableLines(text, name);
  if (tables.length > 0) return tables;
  const at = text.split("\n").findIndex((line) => new RegExp(`^\\s*\\[?["']?${name}\\b`).test(line));
  return at === -1 ? [] : [at + 1];
}

function redirectOf(table: Table, origin: Route["origin"]): Route {
  for (const key of Object.keys(table)) {
    if (!REDIRECT_KEYS.has(key)) throw new BadRule(`${quoted(key)} is no key of a redirect that Berth knows`);
  }
  if (table.signed ?? table.sign ?? table.signing) conditionsOf([], [["signed", "x"]]);
  const from = textIn(table, ["from", "origin"]);
  const own = Number(table.status) === 200 && (table.to ?? table.destination) === undefined ? ownPath(from) : undefined;
  const target = own ?? textIn(table, ["to", "destination"]);
  const { path, host } = parseUrlPattern(from, { takesNoPart: true });
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
  const unknown = Object.keys(table).find((key) => key !== "for" && key !== "values");
  if (unknown !== undefined)
    throw new BadRule(`${quoted(unknown)} stands beside 'for' and outside of [headers.values]`);
  const written = textIn(table, ["for"]);
  // As that host reads it, `*.avif` is `/*.avif`: https://www.npmjs.com/package/@netlify/headers-parser
  const path = /^(\/|https?:\/\/)/i.test(written) ? written : `/${written}`;
  const pattern = parseUrlPattern(path, { canHaveMany: true, takesNoPart: true });
  const known = new Set([...namesIn(pattern.path), ...namesIn(pattern.host ?? [])]);
  const { values } = table;
  if (values === undefined) throw new NeedlessRule("it sets no header");
  if (typeof values !== "object" || values === null) throw new BadRule("'values' is no table");
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
  if (headers.length === 0) throw new NeedlessRule("it sets no header");
  return { ...pattern, anySlash: true, headers, joins: true, origin };
}

function textIn(table: Table, keys: readonly string[]): string {
  for (const key of keys) {
    const value = table[key];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (value !== undefined) throw new BadRule(`${quoted(key)} is ${value === "" ? "empty" : "no text"}`);
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
