import type { Template } from "../../model/routes.ts";
import { isForServerInFront } from "../../model/routes.ts";
import { BadRule, quoted } from "./faults.ts";

/** What the message itself depends on (RFC 9110, 9112) and the platform sets. */
const OWN = new Set(
  (
    "accept-ranges age allow alt-svc connection content-encoding content-length content-range date keep-alive location " +
    "proxy-authenticate proxy-connection server te trailer transfer-encoding upgrade"
  ).split(" "),
);

/** RFC 9110 section 5.1. @throws BadRule */
export function headerName(text: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/.test(text)) throw new BadRule(`${quoted(text)} is no name of a header`);
  const name = text.toLowerCase();
  if (name === "basic-auth") throw new BadRule("'Basic-Auth' protects pages on Netlify: use Berth's own protection");
  if (isForServerInFront(name)) throw new BadRule(`${quoted(text)} is an order to a server in front, not for visitors`);
  if (OWN.has(name)) throw new BadRule(`${quoted(text)} is set by the platform and can't be changed`);
  return name;
}

const NAME = /(:[A-Za-z_]\w*)/;
const NAME_OR_GROUP = /(:[A-Za-z_]\w*|\$\d|\$[A-Za-z_]\w*)/;

/**
 * RFC 9110 section 5.5, with `:name` for what the rule's path captures.
 * @param groups what `$1` and its like stand for, in their order; without them a `$` is text
 * @throws BadRule
 */
export function headerValue(text: string, known: ReadonlySet<string>, groups?: readonly string[]): Template {
  if (/[^\t\x20-\x7e\u0080-\u{10ffff}]/u.test(text)) throw new BadRule(`${quoted(text)} holds a control character`);
  const latin = text.trim().replace(/[^\t\x20-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed()));
  const template: Template = [];
  for (const piece of latin.split(groups === undefined ? NAME : NAME_OR_GROUP)) {
    const last = template.at(-1);
    const name = piece.startsWith(":") ? piece.slice(1) : groups && groupIn(piece, groups);
    if (name !== undefined && known.has(name)) template.push({ use: name });
    else if (typeof last === "string") template[template.length - 1] = last + piece;
    else if (piece !== "") template.push(piece);
  }
  return template.length === 0 ? [""] : template;
}

/** The group that `$1` or `$name` stands for, as Vercel writes it. */
export function groupIn(text: string, groups: readonly string[]): string | undefined {
  const [, number, name] = /^\$(?:(\d)|([A-Za-z_]\w*))$/.exec(text) ?? [];
  return number === undefined ? name : groups[Number(number) - 1];
}
