import type { Template } from "../../model/routes.ts";
import { checkedTemplate, type Names } from "./destination.ts";
import { BadRule, quoted } from "./faults.ts";
import { groupIn } from "./header-parts.ts";

export type Table = Record<string, unknown>;

/** `:name`, with a modifier, an expression or braces around it that say nothing more, and `$1` or `$name` for a group. */
export function destinationOf(text: string, groups: readonly string[], names: Names): Template {
  const template: Template = [];
  const add = (piece: string) => {
    const last = template.at(-1);
    if (typeof last === "string") template[template.length - 1] = last + piece;
    else if (piece !== "") template.push(piece);
  };
  let end = 0;
  const plain = text.replace(/\{(:[A-Za-z_]\w*)\}/g, "$1");
  for (const match of plain.matchAll(/:([A-Za-z_]\w*)(\([^()]*\))?([*+?])?|\$(?:\d|[A-Za-z_]\w*)/g)) {
    const name = match[1] ?? groupIn(match[0], groups);
    const isKnown = name !== undefined && names.known.has(name);
    const isNumber = /^\$[1-9]/.test(match[0]);
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

/** Whether Vercel's cache heeds what another server says: nothing of one is kept here, and all of it is passed on. */
export const OF_THEIR_CACHE = ["respectOriginCacheControl"];

export function tableOf(value: unknown, key: string): Table {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Table;
  throw new BadRule(`an entry of '${key}' is no object`);
}

export function onlyKeys(entry: Table, known: readonly string[]): void {
  const unknown = Object.keys(entry).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new BadRule(`${quoted(unknown)} is no key of a rule that Berth knows`);
}

export function textIn(entry: Table, key: string): string {
  const value = entry[key];
  if (typeof value === "string" && value.length <= 4096) return value;
  throw new BadRule(value === undefined ? `'${key}' is missing` : `'${key}' is no text of at most 4096 characters`);
}
