import { fillIn } from "../../model/route-pattern.ts";
import type { HeaderRoute, RuleOrigin } from "../../model/routes.ts";
import { decodePath } from "../request-path.ts";
import type { RoutedRequest } from "../resolve.ts";
import { RequestFacts } from "./request-facts.ts";
import type { Matched } from "./rule-set.ts";
import { newWork, type SiteRules } from "./site-rules.ts";

/** What the header rules of a request change in its response; names are lower-cased. */
export interface HeaderChanges {
  /** In the place of what the response has. */
  set: [name: string, value: string][];
  /** Beside what the response has: Set-Cookie can't be joined, and Vary has values that the response needs. */
  append: [name: string, value: string][];
  /** Taken off. */
  detach: string[];
  rules: RuleOrigin[];
  /** Every request that these rules match gets this very object; false where a part of the request is in a value. */
  isShared: boolean;
}

const APPENDED = new Set(["set-cookie", "vary"]);
/** Combinations of rules that are remembered for one site. */
const MAX_REMEMBERED = 1000;
/**
 * Of the headers that rules add to one response, each with a share for itself: few clients take more, and a site that
 * puts its path into thousands of them would take its neighbours' time. The rule that goes beyond, and those after it,
 * add nothing.
 */
const MAX_CHARACTERS = 32_768;
const PER_HEADER = 32;

/**
 * The changes for a request, or undefined when no rule matches. The same rules give the same object each time, unless
 * they put a part of the request into a value.
 */
export function headerChanges(rules: SiteRules | undefined, request: RoutedRequest): HeaderChanges | undefined {
  if (rules?.headers === undefined) return undefined;
  const decoded = decodePath(request.path);
  if (decoded.kind === "bad-path" || rules.headers.candidates(decoded.path).length === 0) return undefined;
  const matched = withinSize(rules.headers.matching(decoded.path, new RequestFacts(request), newWork()));
  if (matched.length === 0) return undefined;
  if (matched.some(({ rule }) => isFilledIn(rule))) return { ...changesOf(matched), isShared: false };
  const memory = rules.headerMemory as Map<string, HeaderChanges>;
  const key = matched.map(({ number }) => number).join();
  let changes = memory.get(key);
  if (changes === undefined) {
    changes = changesOf(matched);
    if (memory.size >= MAX_REMEMBERED) memory.clear();
    memory.set(key, changes);
  }
  return changes;
}

/** The first of the rules whose headers fit into a response. */
function withinSize(matching: Iterable<Matched<HeaderRoute>>): Matched<HeaderRoute>[] {
  const fitting: Matched<HeaderRoute>[] = [];
  let left = MAX_CHARACTERS;
  for (const each of matching) {
    left -= sizeOf(each);
    if (left < 0) break;
    fitting.push(each);
  }
  return fitting;
}

function sizeOf({ rule, captures }: Matched<HeaderRoute>): number {
  let size = 0;
  for (const [name, template] of rule.headers) {
    size += PER_HEADER + name.length;
    for (const part of template ?? []) {
      size += typeof part === "string" ? part.length : (captures[part.use]?.length ?? 0);
    }
  }
  return size;
}

/** What the rules set a header to. */
export const valueSet = (changes: HeaderChanges | undefined, name: string): string | undefined =>
  changes?.set.find(([each]) => each === name)?.[1];

interface Applied {
  changes: HeaderChanges | undefined;
  isIndexed: boolean;
}

/** The response with the rules' headers; nothing is done, and nothing waited for, when there are no changes. */
export function withHeaderRules(
  response: Response | Promise<Response>,
  { changes, isIndexed }: Applied,
): Response | Promise<Response> {
  if (changes === undefined) return response;
  if (!(response instanceof Response)) return response.then((later) => withHeaderRules(later, { changes, isIndexed }));
  applyHeaderChanges(response.headers, changes, { status: response.status, isIndexed });
  return response;
}

/** Fields that describe content (RFC 9110 section 8). */
const OF_CONTENT = new Set(["content-type", "content-language", "content-disposition", "last-modified"]);
/** What the platform's own page, sent in the place of a file, says of itself. */
const OF_PAGE = new Set([...OF_CONTENT, "content-security-policy", "etag", "x-content-type-options"]);
/** A file was asked for that is there, but can't be sent as it was asked for: the platform's page says so. */
const PAGE_STATUSES = new Set([406, 412, 416]);

/**
 * Changes headers in place. Some things stay as they are: how long a fault may be cached, so that no missing file is
 * remembered for a year by its folder's rule; that what is no production host is kept out of search engines; and what
 * the fields of a file are not true of: a 304 has no content (section 15.4.5), several parts have the type of parts, and
 * the platform's own page is not the file.
 */
export function applyHeaderChanges(
  headers: Headers,
  { detach, set, append }: HeaderChanges,
  { status, isIndexed }: { status: number; isIndexed: boolean },
): void {
  const isOfParts = status === 206 && /^multipart\//.test(headers.get("content-type") ?? "");
  const stays = (name: string) =>
    (name === "cache-control" && status >= 400) ||
    (name === "x-robots-tag" && !isIndexed) ||
    (status === 304 && OF_CONTENT.has(name)) ||
    (isOfParts && name === "content-type") ||
    (PAGE_STATUSES.has(status) && OF_PAGE.has(name));
  for (const name of detach) if (!stays(name)) headers.delete(name);
  for (const [name, value] of set) if (!stays(name)) headers.set(name, value);
  for (const [name, value] of append) headers.append(name, value);
}

/** In the order of the rules: each joins or replaces what those before it set, and takes off what it detaches. */
function changesOf(matched: readonly Matched<HeaderRoute>[]): HeaderChanges {
  const values = new Map<string, string[]>();
  const detached = new Set<string>();
  for (const { rule, captures } of matched) {
    const own = new Set<string>();
    // Detaching comes first, so that a block can take a header off and set it anew.
    for (const [name, template] of rule.headers) {
      if (template !== null) continue;
      values.delete(name);
      detached.add(name);
    }
    for (const [name, template] of rule.headers) {
      if (template === null) continue;
      const value = fillIn(template, captures, safeValue);
      const replaces = rule.joins !== true && !own.has(name);
      own.add(name);
      const earlier = replaces ? undefined : values.get(name);
      if (earlier === undefined) values.set(name, [value]);
      else earlier.push(value);
    }
  }
  const changes: HeaderChanges = {
    set: [],
    append: [],
    detach: [],
    rules: matched.map(({ rule }) => rule.origin),
    isShared: true,
  };
  for (const [name, list] of values) {
    if (APPENDED.has(name)) for (const value of list) changes.append.push([name, value]);
    else changes.set.push([name, list.join(", ")]);
  }
  changes.detach = [...detached].filter((name) => !values.has(name));
  return changes;
}

/** RFC 9110 section 5.5: no control characters; what is beyond ASCII is percent-encoded. */
function safeValue(value: string): string {
  return value.toWellFormed().replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));
}

function isFilledIn({ headers }: HeaderRoute): boolean {
  return headers.some(([, template]) => template?.some((part) => typeof part !== "string"));
}
