import type { Condition, Route } from "../../model/routes.ts";
import { parseDestination } from "./destination.ts";
import { BadRule, noting, quoted, type RuleFault, ServerRule } from "./faults.ts";
import { linesIn } from "./lines.ts";
import { conditionsOf } from "./netlify-conditions.ts";
import { checkedStatus, namesOf } from "./route-parts.ts";
import { ownPath, parseUrlPattern } from "./url-pattern.ts";

/** Parts of a line as they stand; `status` is absent when none is written. */
interface Line {
  from: string;
  query: [string, string][];
  to: string;
  status?: number;
  forced: boolean;
  conditions: [string, string][];
}

export interface RedirectsFile {
  routes: Route[];
  /** It is read as Cloudflare documents it. */
  isCloudflare: boolean;
}

/**
 * `_redirects`: `from [parameter=value…] to [status[!]] [Condition=value,…]` a line.
 * https://docs.netlify.com/manage/routing/redirects/overview/#syntax-for-the-_redirects-file
 * https://developers.cloudflare.com/workers/static-assets/redirects/
 * @param isForCloudflare unless something in the file is Netlify's: a redirect is then 302 when no status is written, and
 * no fault can be one
 */
export function parseRedirectsFile(
  text: string,
  { file, isForCloudflare }: { file: string; isForCloudflare: boolean },
  faults: RuleFault[],
): RedirectsFile {
  const parsed: { origin: Route["origin"]; line: Line }[] = [];
  for (const { text: content, line } of linesIn(text, file, faults)) {
    if (content === "" || content.startsWith("#")) continue;
    const origin = { file, line };
    const found = noting(faults, origin, () => splitLine(content));
    if (found !== undefined) parsed.push({ origin, line: found });
  }
  const isNetlify = parsed.some(({ line }) => line.forced || line.query.length > 0 || line.conditions.length > 0);
  const isCloudflare = isForCloudflare && !isNetlify;
  const routes = parsed.flatMap(
    ({ origin, line }) => noting(faults, origin, () => routeOf(line, { origin, isCloudflare })) ?? [],
  );
  return { routes, isCloudflare };
}

function splitLine(content: string): Line {
  const words = content.split(/\s+/);
  const comment = words.findIndex((word) => word.startsWith("#"));
  const [from, ...rest] = comment === -1 ? words : words.slice(0, comment);
  let position = rest.findIndex((word) => /^(?:\/|https?:\/\/)/i.test(word));
  if (position === -1) {
    position = rest.findIndex((word) => /^200!?$/.test(word) && ownPath(from!) !== undefined);
    if (position !== -1) rest.splice(position, 0, ownPath(from!)!);
  }
  const query = pairs(position === -1 ? rest.filter((word) => word.includes("=")) : rest.slice(0, position));
  if (position === -1) {
    const other = rest.find((word) => !word.includes("="));
    throw new BadRule(
      other === undefined || /^\d{3}!?$/.test(other)
        ? "there is no destination"
        : `${quoted(other)} is neither a path that begins with '/' nor a URL of http or https`,
    );
  }
  const [status, ...conditions] = rest.slice(position + 1);
  // SvelteKit's adapter for Netlify writes it so, and Netlify takes it.
  const path = from === "*" ? "/*" : from!;
  const line = { from: path, query, to: rest[position]!, forced: false, conditions: pairs(conditions) };
  if (status === undefined) return line;
  const number = /^(\d{3})(!?)$/.exec(status);
  if (number === null) throw new BadRule(`${quoted(status)} is no status`);
  return { ...line, status: checkedStatus(Number(number[1]), status), forced: number[2] === "!" };
}

function pairs(words: readonly string[]): [string, string][] {
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) throw new BadRule(`${quoted(word)} is no pair of a name and a value`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

function routeOf(line: Line, { origin, isCloudflare }: { origin: Route["origin"]; isCloudflare: boolean }): Route {
  if (isCloudflare && line.status !== undefined && line.status >= 400) {
    throw new BadRule(`${line.status} is no status of a rule on Cloudflare: 200, 301, 302, 303, 307 or 308`);
  }
  const { path, host } = parseUrlPattern(line.from, { takesNoPart: !isCloudflare });
  const when: Condition[] = conditionsOf(line.query, line.conditions);
  if (line.from === "/*" && line.to.startsWith("/.netlify/functions/")) {
    throw new ServerRule(`every path leads to the function ${quoted(line.to)} of Netlify, which Berth has not`);
  }
  const to = parseDestination(line.to, namesOf(path, host, when));
  const route: Route = { path, anySlash: true, to, status: line.status ?? (isCloudflare ? 302 : 301), origin };
  if (host !== undefined) route.host = host;
  if (when.length > 0) route.when = when;
  if (line.forced) route.forced = true;
  return route;
}
