import type { Template } from "../../model/routes.ts";
import { BadRule, quoted } from "./faults.ts";

export interface Names {
  /** What the rule captures. */
  known: ReadonlySet<string>;
  /** Of these, what holds the request's own hostname or a part of it. */
  ofHost: ReadonlySet<string>;
}

/**
 * Where a rule leads: a path of the site, or a URL, with `:name` and `:splat` for what was captured. Another name is
 * left as it stands: `/wiki/Talk:Main` is a path.
 * @throws BadRule
 */
export function parseDestination(text: string, names: Names): Template {
  return checkedTemplate(templateOf(text, names.known), text, names);
}

/** @throws BadRule for what would not lead to a path of the site or to a web address */
export function checkedTemplate(template: Template, text: string, names: Names): Template {
  const first = typeof template[0] === "string" ? template[0] : "";
  if (/[\u0000-\u0020\u007f\\]/.test(text)) throw new BadRule(`${quoted(text)} holds a character that no URL has`);
  if (first.startsWith("/")) {
    if (first.startsWith("//")) throw new BadRule(`${quoted(text)} begins with two slashes: write the URL whole`);
    if (/^\/\.netlify\//.test(first))
      throw new BadRule(`${quoted(text)} is a function or service of Netlify, which Berth has not`);
    if (/\/\.{1,2}(?:[/?#]|$)/.test(text)) throw new BadRule(`${quoted(text)} has a '.' or '..' part`);
    return encoded(template);
  }
  if (!/^https?:\/\//i.test(first)) throw new BadRule(`${quoted(text)} is neither a path nor a URL of http or https`);
  const shape = template.map((part) => (typeof part === "string" ? part : "x")).join("");
  // Three slashes and more are one mistake, which a browser would mend by taking the path's first part for the host.
  if (!URL.canParse(shape) || /^https?:\/\/[/\\]/i.test(shape)) throw new BadRule(`${quoted(text)} is no URL`);
  if (/^https?:\/\/[^/?#]*@/i.test(shape)) throw new BadRule(`${quoted(text)} carries a user name or password`);
  checkHost(template, text, names);
  return encoded(template);
}

/** A visitor must not choose where he is sent: behind the last name in a host comes a domain that is written out. */
function checkHost(template: Template, text: string, { ofHost }: Names): void {
  const shape = template
    .map((part) => (typeof part === "string" ? part : ofHost.has(part.use) ? "host" : "\0"))
    .join("");
  const host = shape.replace(/^https?:\/\//i, "").split(/[/?#]/)[0]!;
  const behind = host.slice(host.lastIndexOf("\0") + 1);
  if (host === behind || /\.[a-z0-9-]+\.[a-z][a-z0-9-]*(?::\d+)?$/i.test(behind)) return;
  throw new BadRule(`the host of ${quoted(text)} would be the visitor's choice: end it with a domain`);
}

function templateOf(text: string, known: ReadonlySet<string>): Template {
  const template: Template = [];
  for (const piece of text.split(/(:[A-Za-z]\w*)/)) {
    if (piece === "") continue;
    const name = piece.slice(1);
    const isName = piece.startsWith(":") && known.has(name);
    const last = template.at(-1);
    if (isName) template.push({ use: name });
    else if (typeof last === "string") template[template.length - 1] = last + piece;
    else template.push(piece);
  }
  return template;
}

/** Written by hand as it is read, sent as the header needs it. */
function encoded(template: Template): Template {
  return template.map((part) =>
    typeof part === "string"
      ? part.replace(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]|["<>^`{|}]/gu, (character) =>
          encodeURIComponent(character.toWellFormed()),
        )
      : part,
  );
}
