import type { HeaderRoute, PathStyle, Route, Template } from "../../model/routes.ts";
import { findJsonFault } from "../plan/json-fault.ts";
import { checkedTemplate, type Names } from "./destination.ts";
import { BadRule, noting, quoted, type RuleFault } from "./faults.ts";
import { headerName, headerValue } from "./header-parts.ts";
import { entryLines } from "./json-lines.ts";
import { checkedStatus, namesOf } from "./route-parts.ts";
import { vercelConditions } from "./vercel-conditions.ts";
import { parseVercelSource } from "./vercel-source.ts";

type Table = Record<string, unknown>;

export interface VercelRules {
  redirects: Route[];
  rewrites: Route[];
  headers: HeaderRoute[];
  paths?: PathStyle;
}

/** `redirects`, `rewrites`, `headers`, `cleanUrls` and `trailingSlash`. https://vercel.com/docs/project-configuration/vercel-json */
export function parseVercelJson(text: string, file: string, faults: RuleFault[]): VercelRules {
  const plain = text.replace(/^\uFEFF/, "");
  const table = parseTable(plain, file, faults);
  const lines = entryLines(plain);
  const each = <T>(key: string, parse: (entry: Table, origin: Route["origin"]) => T): T[] => {
    const list = table[key];
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) {
      faults.push({ file, line: lineOf(plain, key), reason: `'${key}' is no list` });
      return [];
    }
    return list.flatMap((entry: unknown, index) => {
      const origin = { file, line: lines[key]?.[index] ?? lineOf(plain, key) };
      return noting(faults, origin, () => parse(tableOf(entry, key), origin)) ?? [];
    });
  };
  for (const key of ["routes", "bulkRedirectsPath"]) {
    if (table[key] === undefined || (Array.isArray(table[key]) && table[key].length === 0)) continue;
    faults.push({
      file,
      line: lineOf(plain, key),
      reason: `'${key}' is not supported: write 'redirects', 'rewrites' and 'headers'`,
    });
  }
  for (const key of Object.keys(table)) {
    const right = MEANT.find((name) => name !== key && bare(name) === bare(key));
    if (right === undefined) continue;
    faults.push({ file, line: lineOf(plain, key), reason: `${quoted(key)} is no key: write '${right}'` });
  }
  const paths = pathStyle(table, (key, reason) => faults.push({ file, line: lineOf(plain, key), reason }));
  return {
    redirects: each("redirects", redirectOf),
    rewrites: each("rewrites", rewriteOf),
    headers: each("headers", headersOf),
    ...(paths && { paths }),
  };
}

const MEANT = ["redirects", "rewrites", "headers", "cleanUrls", "trailingSlash"];
/** Of a key in another case, or without the `s` at its end. */
const bare = (key: string): string => key.toLowerCase().replace(/s$/, "");

function parseTable(text: string, file: string, faults: RuleFault[]): Table {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Table;
    faults.push({ file, line: 1, reason: "the file holds no JSON object" });
  } catch {
    faults.push({ file, line: findJsonFault(text)?.line ?? 1, reason: "the file is no JSON from here on" });
  }
  return {};
}

function lineOf(text: string, key: string): number {
  const at = text.search(new RegExp(`"${key.replace(/\W/g, "\\$&")}"\\s*:`));
  return at === -1 ? 1 : text.slice(0, at).split("\n").length;
}

function tableOf(value: unknown, key: string): Table {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Table;
  throw new BadRule(`an entry of '${key}' is no object`);
}

function pathStyle(table: Table, onFault: (key: string, reason: string) => void): PathStyle | undefined {
  const { cleanUrls, trailingSlash } = table;
  for (const key of ["cleanUrls", "trailingSlash"]) {
    if (table[key] === undefined || typeof table[key] === "boolean") continue;
    onFault(key, `'${key}' is neither true nor false`);
    return undefined;
  }
  if (cleanUrls === undefined && trailingSlash === undefined) return undefined;
  const style: PathStyle = { cleanUrls: cleanUrls === true };
  if (trailingSlash !== undefined) style.trailingSlash = trailingSlash as boolean;
  return style;
}

function redirectOf(entry: Table, origin: Route["origin"]): Route {
  onlyKeys(entry, ["source", "destination", "permanent", "statusCode", "has", "missing"]);
  const { permanent, statusCode } = entry;
  if (permanent !== undefined && typeof permanent !== "boolean")
    throw new BadRule("'permanent' is neither true nor false");
  if (permanent !== undefined && statusCode !== undefined)
    throw new BadRule("'permanent' and 'statusCode' are both there");
  const status =
    statusCode === undefined
      ? permanent === false
        ? 307
        : 308
      : checkedStatus(Number(statusCode), String(statusCode));
  if (status < 300 || status >= 400) throw new BadRule(`${status} is no status of a redirect`);
  return { ...matchedRoute(entry), status, origin };
}

function rewriteOf(entry: Table, origin: Route["origin"]): Route {
  onlyKeys(entry, ["source", "destination", "statusCode", "has", "missing"]);
  const { statusCode } = entry;
  const status = statusCode === undefined ? 200 : checkedStatus(Number(statusCode), String(statusCode));
  if (status >= 300 && status < 400) throw new BadRule(`${status} is no status of a rewrite`);
  return { ...matchedRoute(entry), status, origin };
}

function matchedRoute(entry: Table): Omit<Route, "status" | "origin"> {
  const { path, names } = parseVercelSource(textIn(entry, "source"));
  const when = vercelConditions(entry.has, entry.missing);
  const to = destinationOf(textIn(entry, "destination"), names, namesOf(path, [], when));
  return when.length > 0 ? { path, when, to } : { path, to };
}

/** `:name`, with a modifier, an expression or braces around it that say nothing more, and `$1` for the first group. */
function destinationOf(text: string, groups: readonly string[], names: Names): Template {
  const template: Template = [];
  const add = (piece: string) => {
    const last = template.at(-1);
    if (typeof last === "string") template[template.length - 1] = last + piece;
    else if (piece !== "") template.push(piece);
  };
  let end = 0;
  const plain = text.replace(/\{(:[A-Za-z_]\w*)\}/g, "$1");
  for (const match of plain.matchAll(/:([A-Za-z_]\w*)(\([^()]*\))?([*+?])?|\$(\d)/g)) {
    const name = match[4] === undefined ? match[1]! : groups[Number(match[4]) - 1];
    const isKnown = name !== undefined && names.known.has(name);
    const isNumber = match[4] !== undefined && match[4] !== "0";
    if (!isKnown && (isNumber || (match[1] !== undefined && plain[match.index - 1] === "/"))) {
      throw new BadRule(`the destination uses ${quoted(match[0])}, which the source does not capture`);
    }
    if (!isKnown) continue;
    // A `?` behind a name at the end of a path begins the query.
    const startsQuery = match[3] === "?" && /^[^/]*=/.test(plain.slice(match.index + match[0].length));
    add(plain.slice(end, match.index));
    template.push({ use: name });
    end = match.index + match[0].length - (startsQuery ? 1 : 0);
  }
  add(plain.slice(end));
  return checkedTemplate(template, plain.replaceAll("\\", ""), names);
}

function headersOf(entry: Table, origin: Route["origin"]): HeaderRoute {
  onlyKeys(entry, ["source", "headers", "has", "missing"]);
  const { path } = parseVercelSource(textIn(entry, "source"));
  const when = vercelConditions(entry.has, entry.missing);
  const { known } = namesOf(path, [], when);
  if (!Array.isArray(entry.headers)) throw new BadRule("'headers' of a rule is no list");
  const headers = entry.headers.map((header: unknown): HeaderRoute["headers"][number] => {
    const table = tableOf(header, "headers");
    // A modifier behind a name belongs to it, as in a destination.
    const value = textIn(table, "value").replace(/:([A-Za-z_]\w*)[*+?]/g, (whole, name: string) =>
      known.has(name) ? `:${name}` : whole,
    );
    return [headerName(textIn(table, "key")), headerValue(value, known)];
  });
  return when.length > 0 ? { path, when, headers, origin } : { path, headers, origin };
}

function onlyKeys(entry: Table, known: readonly string[]): void {
  const unknown = Object.keys(entry).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new BadRule(`${quoted(unknown)} is no key of a rule that Berth knows`);
}

function textIn(entry: Table, key: string): string {
  const value = entry[key];
  if (typeof value === "string" && value.length <= 4096) return value;
  throw new BadRule(value === undefined ? `'${key}' is missing` : `'${key}' is no text of at most 4096 characters`);
}
