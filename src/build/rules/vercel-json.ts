import { namesIn } from "../../model/route-pattern.ts";
import type { HeaderRoute, PathStyle, Route, Template } from "../../model/routes.ts";
import { findJsonFault } from "../plan/json-fault.ts";
import { BadRule, noting, quoted, type RuleFault } from "./faults.ts";
import { headerName, headerValue } from "./header-parts.ts";
import { entryLines } from "./json-lines.ts";
import { checkedStatus, namesOf } from "./route-parts.ts";
import { vercelConditions } from "./vercel-conditions.ts";
import { destinationOf, OF_THEIR_CACHE, onlyKeys, type Table, tableOf, textIn } from "./vercel-parts.ts";
import { legacyRoute } from "./vercel-routes.ts";
import { parseVercelSource } from "./vercel-source.ts";

export interface VercelRules {
  redirects: Route[];
  rewrites: Route[];
  headers: HeaderRoute[];
  paths?: PathStyle;
}

/** `redirects`, `rewrites`, `headers`, `routes`, `cleanUrls` and `trailingSlash`. https://vercel.com/docs/project-configuration/vercel-json */
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
  if (table.bulkRedirectsPath !== undefined) {
    const reason = "'bulkRedirectsPath' is not supported: write 'redirects'";
    faults.push({ file, line: lineOf(plain, "bulkRedirectsPath"), reason });
  }
  for (const key of Object.keys(table)) {
    const right = MEANT.find((name) => name !== key && bare(name) === bare(key));
    if (right === undefined) continue;
    faults.push({ file, line: lineOf(plain, key), reason: `${quoted(key)} is no key: write '${right}'` });
  }
  const older = each("routes", legacyRoute);
  const paths = pathStyle(table, (key, reason) => faults.push({ file, line: lineOf(plain, key), reason }));
  return {
    redirects: [...each("redirects", redirectOf), ...older.flatMap(({ redirect }) => redirect ?? [])],
    rewrites: [...each("rewrites", rewriteOf), ...older.flatMap(({ rewrite }) => rewrite ?? [])],
    headers: [...each("headers", headersOf), ...older.flatMap(({ header }) => header ?? [])],
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
  onlyKeys(entry, ["source", "destination", "statusCode", "has", "missing", ...OF_THEIR_CACHE]);
  const { statusCode } = entry;
  const status = statusCode === undefined ? 200 : checkedStatus(Number(statusCode), String(statusCode));
  if (status >= 300 && status < 400) throw new BadRule(`${status} is no status of a rewrite`);
  const matched = matchedRoute(entry);
  return { ...matched, to: withUnusedNames(matched), status, origin };
}

/**
 * The parts of a path that a source names go to another server as parameters, where the destination uses no name before
 * its query. Within the site nobody reads them. As https://github.com/vercel/vercel/tree/main/packages/routing-utils has it.
 */
function withUnusedNames({ path, to }: Pick<Route, "path" | "to">): Template {
  const has = (mark: string) => (part: Template[number]) => typeof part === "string" && part.includes(mark);
  const isName = (name: string) => !/^\d+$/.test(name);
  if (!/^https?:/i.test(String(to[0])) || to.some(has("#"))) return to;
  const queryAt = to.findIndex(has("?"));
  const before = queryAt === -1 ? to : to.slice(0, queryAt);
  if (before.some((part) => typeof part !== "string" && isName(part.use))) return to;
  const written = to.map((part) => (typeof part === "string" ? part : "")).join("");
  const parameters = new URLSearchParams(/\?(.*)$/s.exec(written)?.[1] ?? "");
  const unused = namesIn(path).filter((name) => isName(name) && !parameters.has(name));
  const added = unused.flatMap((name, at) => [`${at === 0 && queryAt === -1 ? "?" : "&"}${name}=`, { use: name }]);
  return [...to, ...added];
}

function matchedRoute(entry: Table): Omit<Route, "status" | "origin"> {
  const { path, names } = parseVercelSource(textIn(entry, "source"));
  const when = vercelConditions(entry.has, entry.missing);
  const to = destinationOf(textIn(entry, "destination"), names, namesOf(path, [], when));
  return when.length > 0 ? { path, when, to } : { path, to };
}

function headersOf(entry: Table, origin: Route["origin"]): HeaderRoute {
  onlyKeys(entry, ["source", "headers", "has", "missing"]);
  const { path, names } = parseVercelSource(textIn(entry, "source"));
  const when = vercelConditions(entry.has, entry.missing);
  const { known } = namesOf(path, [], when);
  if (!Array.isArray(entry.headers)) throw new BadRule("'headers' of a rule is no list");
  const headers = entry.headers.map((header: unknown): HeaderRoute["headers"][number] => {
    const table = tableOf(header, "headers");
    // A modifier behind a name belongs to it, as in a destination.
    const value = textIn(table, "value").replace(/:([A-Za-z_]\w*)[*+?]/g, (whole, name: string) =>
      known.has(name) ? `:${name}` : whole,
    );
    return [headerName(textIn(table, "key")), headerValue(value, known, names)];
  });
  return when.length > 0 ? { path, when, headers, origin } : { path, headers, origin };
}
