import { type Captures, fillIn } from "../../model/route-pattern.ts";
import type { Condition, Template } from "../../model/routes.ts";
import { encodePath } from "../request-path.ts";
import { encodeMarkedPath, unmarked } from "./escapes.ts";

/** Where a rule leads, ready to be sent or looked up. */
export type Destination =
  | { kind: "path"; path: string; query: string; fragment: string }
  | { kind: "url"; url: string; query: string; fragment: string };

/** What a captured value may be as a part of a hostname. */
const HOST_PART = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

/**
 * Puts what was captured into a destination, encoded for the place where it stands: nothing that a visitor sends can
 * end the path, begin another header or choose another host. A path begins with exactly one slash, since a browser
 * takes two, or a slash and a backslash, for the start of a hostname. `hasMarks`: escapes.ts.
 * @returns undefined when a value can't stand where the rule puts it
 */
export function destinationOf(template: Template, captures: Captures, hasMarks = false): Destination | undefined {
  let isPossible = true;
  const [inPath, whole] = hasMarks ? [encodeMarkedPath, unmarked] : [encodePath, (value: string) => value];
  const text = fillIn(template, captures, (value, before) => {
    // RFC 3986 section 3.5: a fragment may hold what ends a path, and pages that route by it want it so.
    if (before.includes("#")) return encodeURI(whole(value).toWellFormed()).replaceAll("#", "%23");
    if (before.includes("?")) return encodeURIComponent(whole(value).toWellFormed());
    if (!/^https?:\/\/[^/]*$/.test(before)) return inPath(value.toWellFormed());
    if (!HOST_PART.test(value)) isPossible = false;
    return value;
  });
  const [, before = "", query = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text)!;
  // A value of a header or a query may hold what a path can't: parts that climb.
  if (!isPossible || /\/\.{1,2}(?:\/|$)/.test(before)) return undefined;
  if (before.startsWith("/")) return { kind: "path", path: `/${before.replace(/^[/\\]+/, "")}`, query, fragment };
  return URL.canParse(before) ? { kind: "url", url: before, query, fragment } : undefined;
}

/** Netlify and Cloudflare: the request's query goes along when the destination has none; what a rule used up does not. */
export function passedQuery(own: string, query: string, when: readonly Condition[] = []): string {
  if (own !== "" || query === "" || query === "?") return own;
  const used = when.flatMap((condition) => (condition.on === "query" ? [condition.name] : []));
  if (used.length === 0) return safeQuery(query);
  const parameters = new URLSearchParams(query);
  for (const name of used) parameters.delete(name);
  return parameters.size === 0 ? "" : `?${parameters}`;
}

/** Vercel: the request's parameters go along, but for those that the destination sets itself. */
export function mergedQuery(own: string, query: string): string {
  if (query === "" || query === "?") return own;
  if (own === "" || own === "?") return safeQuery(query);
  const merged = new URLSearchParams(query);
  const set = new URLSearchParams(own);
  for (const name of set.keys()) merged.delete(name);
  return merged.size === 0 ? own : `?${set}&${merged}`;
}

/** As it came, but for what a header or a URL may not hold. */
function safeQuery(query: string): string {
  return query.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, (character) => encodeURIComponent(character.toWellFormed()));
}
