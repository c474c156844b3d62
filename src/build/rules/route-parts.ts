import { MAX_INPUT } from "../../model/linear-regex/match.ts";
import {
  type Captures,
  type CompiledPattern,
  compilePattern,
  fillIn,
  namesIn,
  noCaptures,
} from "../../model/route-pattern.ts";
import type { Condition, Matcher, Pattern, PatternPart, Route, Template } from "../../model/routes.ts";
import type { Names } from "./destination.ts";
import { BadRule, NeedlessRule, quoted } from "./faults.ts";
import { decoded, OPTIONAL_PARTS } from "./url-pattern.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** 200 and faults show something at the same address, five of 3xx lead elsewhere. @throws BadRule */
export function checkedStatus(status: number, shown: string): number {
  const isFault = Number.isInteger(status) && status >= 400 && status <= 599;
  if (status === 200 || isFault || REDIRECTS.has(status)) return status;
  throw new BadRule(
    `${quoted(shown)} is no status that a rule can have: 200, 301, 302, 303, 307, 308 or a fault from 400 on`,
  );
}

/** The names that a destination may use. */
export function namesOf(path: Pattern, host: Pattern = [], when: readonly Condition[] = []): Names {
  const ofHost = new Set(namesIn(host));
  const known = new Set([...namesIn(path), ...ofHost]);
  for (const condition of when) {
    if ("values" in condition || condition.missing) continue;
    const names = [
      ...(condition.capture === undefined ? [] : [condition.capture]),
      ...condition.tests.flatMap(namesInTest),
    ];
    for (const name of names) {
      known.add(name);
      if (condition.on === "host") ofHost.add(name);
    }
  }
  return { known, ofHost };
}

function namesInTest(test: object): string[] {
  return "re" in test ? [...String(test.re).matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map((match) => match[1]!) : [];
}

/**
 * A redirect that leads to what it matches would go round for ever. Where the target is a file that goes before the
 * rule, it ends there. A slash at the end makes no difference to a rule of `_redirects`, so one that is about it alone
 * does nothing, as Netlify says; where `slashCounts`, as on Cloudflare, such a rule is for its very path.
 * @returns the route @throws BadRule
 */
export function refuseLoop(route: Route, where: Where & { slashCounts: boolean }): Route {
  if (where.goesBeforeFiles && isEndless(route)) {
    throw new BadRule("it matches its own targets again and again, so that it redirects for ever");
  }
  if (!isLoop(route, where)) return route;
  const { anySlash: _, ...exact } = route;
  if (isLoop(exact, where)) throw new BadRule("it redirects to a path that it matches itself, for ever");
  if (where.slashCounts) return exact;
  throw new NeedlessRule("it adds or removes a slash at the end alone, and that is what html_handling is for");
}

/**
 * A rewrite of a vercel.json is passed over when its target is not there, unless it has a fault's status, which holds all
 * the same. Most such targets are functions (`/api/…`), which are not run here.
 * @returns the route @throws BadRule
 */
export function refuseWithoutTarget(route: Route, hasFile: (path: string) => boolean): Route {
  const [path, ...more] = route.to;
  if (typeof path !== "string" || more.length > 0 || !path.startsWith("/") || route.status >= 400) return route;
  const target = path.replace(/[?#].*$/s, "");
  if (hasFile(decoded(target))) return route;
  throw new NeedlessRule(`its target ${quoted(target)} is no file of the site, and functions are not run here`);
}

interface Where {
  goesBeforeFiles: boolean;
  hasFile(path: string): boolean;
}

function isLoop(route: Route, { goesBeforeFiles, hasFile }: Where): boolean {
  if (!alwaysRedirects(route)) return false;
  const target = textOf(route.to.map((part) => (typeof part === "string" ? part : { rest: part.use })));
  if (!target.startsWith("/") || /[?#]/.test(target) || target.length > MAX_INPUT) return false;
  if (sameText(textOf(route.path), target, route) && sameNames(route.path, route.to)) return true;
  if (route.to.some((part) => typeof part !== "string")) return false;
  const path = decoded(target);
  return matches(route, path) && (goesBeforeFiles || !hasFile(path));
}

function alwaysRedirects({ status, host, when }: Route): boolean {
  return status >= 300 && status < 400 && host === undefined && when === undefined;
}

/** More than a browser follows. */
const HOPS = 30;

/**
 * Whether each target is another path that the rule matches: `/a/*` to `/a/b/:splat`, `/:a/:b` to `/:b/:a`. What it
 * captures at first is made up.
 */
function isEndless(route: Route): boolean {
  if (!alwaysRedirects(route)) return false;
  // For most rules it is seen by the text that their paths begin with, without making a pattern ready.
  const [start] = route.path;
  const begin = typeof start === "string" ? start.replace(/\/$/, "") : "";
  let pattern: CompiledPattern | undefined;
  let captures: Captures = Object.assign(
    noCaptures(),
    Object.fromEntries(namesIn(route.path).map((name, number) => [name, `x${number}`])),
  );
  let path = "";
  for (let hop = 0; hop < HOPS; hop += 1) {
    const target = fillIn(route.to, captures, encodeURI).replace(/[?#].*$/s, "");
    if (!target.startsWith("/")) return false;
    const next = decoded(target);
    if (!next.startsWith(begin)) return false;
    pattern ??= compilePattern(route.path);
    const found = next === path ? undefined : matchIn(pattern, next, route);
    if (found === undefined) return false;
    captures = found;
    path = next;
  }
  return true;
}

function textOf(parts: Pattern): string {
  const shown = (part: Exclude<PatternPart, string>) => ("group" in part && part.group === OPTIONAL_PARTS ? "/*" : "*");
  return parts.map((part) => (typeof part === "string" ? part : shown(part))).join("");
}

function sameText(one: string, other: string, { anySlash }: Matcher): boolean {
  const bare = (text: string) => (anySlash && text.length > 1 ? text.replace(/\/$/, "") : text);
  return bare(one) === bare(other);
}

function sameNames(path: Pattern, to: Template): boolean {
  const used = to.flatMap((part) => (typeof part === "string" ? [] : [part.use]));
  return namesIn(path).join() === used.join();
}

function matches(route: Matcher, target: string): boolean {
  return matchIn(compilePattern(route.path), target, route) !== undefined;
}

function matchIn(pattern: CompiledPattern, target: string, { anySlash }: Matcher): Captures | undefined {
  const forms = anySlash ? [target, target.endsWith("/") ? target.slice(0, -1) || "/" : `${target}/`] : [target];
  for (const form of forms) {
    const found = pattern.match(form, { left: 1_000_000 });
    if (found !== undefined) return found;
  }
  return undefined;
}
