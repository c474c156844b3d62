import type { HeaderRoute, Pattern, Route } from "../../model/routes.ts";
import { BadRule, NeedlessRule, quoted } from "./faults.ts";
import { headerName, headerValue } from "./header-parts.ts";
import { checkedStatus, namesOf } from "./route-parts.ts";
import { decoded } from "./url-pattern.ts";
import { vercelConditions } from "./vercel-conditions.ts";
import { destinationOf, OF_THEIR_CACHE, onlyKeys, type Table, tableOf, textIn } from "./vercel-parts.ts";
import { checkedRegex } from "./vercel-source.ts";

const KEYS = [
  ..."src dest status headers methods continue has missing check caseSensitive".split(" "),
  ...OF_THEIR_CACHE,
];

interface Parsed {
  redirect?: Route;
  rewrite?: Route;
  header?: HeaderRoute;
}

/**
 * An entry of `routes`, the older form of `redirects`, `rewrites` and `headers`. A file goes before a rewrite wherever
 * `{"handle": "filesystem"}` stands: without it a site of files would show one page in the place of its scripts.
 * https://vercel.com/docs/project-configuration/vercel-json#routes
 * @throws BadRule
 */
export function legacyRoute(entry: Table, origin: Route["origin"]): Parsed {
  if (entry.handle === "filesystem") return {};
  if (entry.handle !== undefined)
    throw new BadRule(`of 'handle' only 'filesystem' is known, and no ${quoted(String(entry.handle))}`);
  onlyKeys(entry, KEYS);
  const { methods, status } = entry;
  if (Array.isArray(methods) && !methods.includes("GET")) throw ofOtherMethods(entry.dest);
  const { path, names } = patternOf(textIn(entry, "src"));
  const when = vercelConditions(entry.has, entry.missing);
  const matched = when.length > 0 ? { path, when } : { path };
  const known = namesOf(path, [], when);
  const all = Object.entries(entry.headers === undefined ? {} : tableOf(entry.headers, "headers"));
  const [location] = all.flatMap(([name, value]) => (name.toLowerCase() === "location" ? [String(value)] : []));
  const kept = all.filter(([name]) => name.toLowerCase() !== "location");
  const parsed: Parsed = {};
  if (kept.length > 0) {
    const headers = kept.map(([name, value]): HeaderRoute["headers"][number] => [
      headerName(name),
      headerValue(String(value), known.known, names),
    ]);
    parsed.header = { ...matched, headers, origin };
  }
  const checked = (usual: number) => (status === undefined ? usual : checkedStatus(Number(status), String(status)));
  if (location !== undefined) {
    const redirect = checked(308);
    if (redirect < 300 || redirect >= 400) throw new BadRule(`${redirect} is no status of a redirect`);
    parsed.redirect = { ...matched, to: destinationOf(location, names, known), status: redirect, origin };
  } else if (entry.dest !== undefined) {
    if (entry.continue === true) throw new BadRule("'continue' beside 'dest' is not supported");
    const dest = textIn(entry, "dest");
    const target = /^(\/|https?:\/\/)/.test(dest) ? dest : `/${dest}`;
    const rewrite = checked(200);
    if (rewrite >= 300 && rewrite < 400) throw new BadRule(`${rewrite} is no status of a rewrite`);
    parsed.rewrite = { ...matched, to: destinationOf(target, names, known), status: rewrite, origin };
  } else if (status !== undefined && checked(404) >= 400 && entry.continue !== true) {
    // With the site's page for what is not there; without one, the status holds all the same.
    parsed.rewrite = { ...matched, to: ["/404.html"], status: checked(404), origin };
  }
  if (parsed.header === undefined && parsed.redirect === undefined && parsed.rewrite === undefined)
    throw new BadRule("it has neither 'dest' nor 'headers', nor the status of a fault");
  return parsed;
}

/** Within the site only a function answers such methods, and a rewrite to one is left out too. */
function ofOtherMethods(dest: unknown): BadRule {
  const reason = "it is for other methods than GET";
  const isWithin = typeof dest === "string" && !/^https?:\/\//i.test(dest);
  return isWithin ? new NeedlessRule(`${reason}, and functions are not run here`) : new BadRule(reason);
}

/** Text that stands for itself in a regular expression; a dot alone is meant as one. */
const LITERAL = /^(?:[\w/~@%-]|\\[./-]|\.(?![*+?{]))*$/;

/** `src` is a regular expression for the whole path: its text, its groups by number or name, and what else it holds. */
function patternOf(src: string): { path: Pattern; names: string[] } {
  const path: Pattern = [];
  const names: string[] = [];
  const between = (text: string) => {
    const [, start = "", rest = text] = /^((?:[\w~@%-]|\\[./-])*\/)(.*)$/s.exec(text) ?? [];
    for (const piece of [start, rest]) {
      if (piece === "") continue;
      if (LITERAL.test(piece)) path.push(decoded(piece.replaceAll("\\", "")));
      else path.push({ group: checkedRegex(`(?:${piece})`) });
    }
  };
  const pieces = piecesOf(src.replace(/^\^/, "").replace(/(?<!\\)\$$/, ""));
  if (pieces.includes("|")) {
    if (pieces.some((piece) => CAPTURES.test(piece))) throw new BadRule(`${quoted(src)} has an alternative to a group`);
    return { path: [{ group: checkedRegex(`(?:${pieces.join("")})`) }], names };
  }
  let outside = "";
  for (const piece of pieces) {
    const [, name = String(names.length), inner, often] = CAPTURES.exec(piece) ?? [];
    if (inner === undefined) {
      outside += piece;
      continue;
    }
    if (/(?<!\\)\((?!\?)/.test(inner)) throw new BadRule(`${quoted(src)} has a group in a group`);
    between(outside);
    outside = "";
    names.push(name);
    path.push({ group: checkedRegex(often === "" ? `(${inner})` : `((?:${inner})${often})`), name });
  }
  between(outside);
  if (new Set(names).size < names.length) throw new BadRule(`${quoted(src)} uses a name twice`);
  return { path, names };
}

const CAPTURES = /^\((?:\?<([A-Za-z_]\w*)>|(?!\?))(.*)\)([^)]*)$/s;

/** Escapes, classes of characters, groups with all that is in them and how often, and single characters. */
function piecesOf(regex: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  for (const [part] of regex.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|\)(?:[*+?]|\{[\d,]+\})?|./gs)) {
    if (part === "[" || part === "\\") throw new BadRule(`${quoted(regex)} has what does not end`);
    if (depth > 0) pieces.push(pieces.pop()! + part);
    else pieces.push(part);
    if (part === "(") depth += 1;
    else if (part.startsWith(")")) depth -= 1;
    if (depth < 0) break;
  }
  if (depth !== 0) throw new BadRule(`${quoted(regex)} has a group that does not begin or end`);
  return pieces;
}
