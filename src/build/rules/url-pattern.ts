import type { Pattern, PatternPart } from "../../model/routes.ts";
import { BadRule, quoted } from "./faults.ts";

/**
 * A path, or a URL with a host, as Netlify's and Cloudflare's files write what a rule is for: `*` stands for anything
 * and is called `splat`, `:name` for a part of a path or of a hostname.
 * https://docs.netlify.com/manage/routing/redirects/redirect-options/#splats
 * https://developers.cloudflare.com/workers/static-assets/redirects/#advanced-redirects
 * @param canHaveMany whether `*` may stand more than once
 * @param takesNoPart whether a `*` between two slashes also stands for no part at all, and they for one slash
 * @throws BadRule
 */
export function parseUrlPattern(
  text: string,
  { canHaveMany = false, takesNoPart = false } = {},
): { path: Pattern; host?: Pattern } {
  const url = /^https?:\/\/([^/?#]*)((?:\/[^?#]*)?)(.*)$/is.exec(text);
  const [host, path, rest] = url ? [url[1]!, url[2] || "/", url[3]!] : splitPath(text);
  if (rest.startsWith("?")) throw new BadRule(`${quoted(text)} has a query, which no path can match`);
  const parts = partsOf(decoded(path), "one");
  const pattern = takesNoPart ? withOptionalParts(parts) : parts;
  if (!canHaveMany && parts.filter((part) => typeof part === "object" && "rest" in part).length > 1) {
    throw new BadRule(`${quoted(text)} has more than one '*'`);
  }
  const names = pattern.flatMap((part) => (typeof part === "object" && "one" in part ? [part.one] : []));
  if (new Set(names).size < names.length) throw new BadRule(`${quoted(text)} uses a placeholder's name twice`);
  if (host === undefined) return { path: pattern };
  if (host === "" || !/^[A-Za-z0-9*:._-]+$/.test(host)) throw new BadRule(`${quoted(host)} is no host`);
  if (/:\d+$/.test(host)) throw new BadRule(`${quoted(host)} has a port, and rules know hosts without one`);
  return { path: pattern, host: partsOf(host.toLowerCase(), "label") };
}

/**
 * Where a rule with the status 200 and no destination leads: `/admin/* 200! Role=admin` shows what is there.
 * https://docs.netlify.com/manage/routing/redirects/redirect-options/
 */
export function ownPath(from: string): string | undefined {
  return from.startsWith("/") && from.endsWith("/*") ? `${from.slice(0, -1)}:splat` : undefined;
}

function splitPath(text: string): [host: undefined, path: string, rest: string] {
  if (!text.startsWith("/")) {
    throw new BadRule(`${quoted(text)} begins neither with '/' nor with http:// or https://`);
  }
  if (text.startsWith("//")) throw new BadRule(`${quoted(text)} begins with two slashes`);
  // A browser keeps a fragment to itself.
  const end = text.search(/[?#]/);
  return end === -1 ? [undefined, text, ""] : [undefined, text.slice(0, end), text.slice(end)];
}

/** Whole parts, each behind its slash, or none. */
export const OPTIONAL_PARTS = "(?:/((?:.|[\\n\\r\\u2028\\u2029])*))?";

/** Requests are matched decoded, so that `/caf%C3%A9` and `/café` are the same rule. */
export function decoded(path: string): string {
  let text: string;
  try {
    text = decodeURIComponent(path);
  } catch {
    throw new BadRule(`${quoted(path)} holds a percent escape that is cut or is not UTF-8`);
  }
  if (/[\u0000-\u001f\u007f\\]/.test(text) || !text.isWellFormed()) {
    throw new BadRule(`${quoted(path)} holds a character that no path has`);
  }
  return text;
}

/** As Netlify's matcher has it: the slash before such a `*` goes with it. */
function withOptionalParts(parts: Pattern): Pattern {
  const result: Pattern = [];
  for (const [index, part] of parts.entries()) {
    const before = result.at(-1);
    const after = parts[index + 1];
    const isBetween =
      typeof before === "string" && before.endsWith("/") && typeof after === "string" && after.startsWith("/");
    if (typeof part === "string" || !("rest" in part) || !isBetween) {
      result.push(part);
      continue;
    }
    result.pop();
    if (before !== "/") result.push(before.slice(0, -1));
    result.push({ group: OPTIONAL_PARTS, name: part.rest });
  }
  return result;
}

function partsOf(text: string, kind: "one" | "label"): Pattern {
  const parts: PatternPart[] = [];
  for (const piece of text.split(/(\*|:[A-Za-z]\w*)/)) {
    if (piece === "") continue;
    if (piece === "*") parts.push({ rest: kind === "one" ? "splat" : "host-splat" });
    else if (/^:[A-Za-z]\w*$/.test(piece)) {
      const name = piece.slice(1);
      parts.push(kind === "one" ? { one: name } : { label: name });
    } else parts.push(piece);
  }
  return parts;
}
