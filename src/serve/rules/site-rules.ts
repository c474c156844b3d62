import type { Work } from "../../model/linear-regex/match.ts";
import type { Condition, HeaderRoute, Matcher, PathStyle, Route, Routes } from "../../model/routes.ts";
import { decodePath } from "../request-path.ts";
import { RuleSet } from "./rule-set.ts";

/** A deployment's rules, ready to be asked; made once for each site that is in memory. */
export interface SiteRules {
  redirects: RuleSet<Route>;
  rules: RuleSet<Route>;
  rewrites: RuleSet<Route>;
  headers: RuleSet<HeaderRoute> | undefined;
  headerMemory: Map<string, unknown>;
  paths: PathStyle | undefined;
}

export function siteRules(routes: Routes): SiteRules {
  return {
    redirects: new RuleSet(routes.redirects),
    rules: new RuleSet(routes.rules),
    rewrites: new RuleSet(routes.rewrites),
    headers: routes.headers.length === 0 ? undefined : new RuleSet(routes.headers),
    headerMemory: new Map(),
    paths: routes.paths,
  };
}

/** Whether some rule could decide about a path; false, and cheap, for most paths of most sites. */
export function mayDecide({ paths, redirects, rules, rewrites }: SiteRules, path: string): boolean {
  if (paths !== undefined) return true;
  const couldMatch = (set: RuleSet<Route>) => set.candidates(path).length > 0;
  return couldMatch(rules) || couldMatch(redirects) || couldMatch(rewrites);
}

/** Of the conditions of rules, those on what else than its address a client sends. */
const ON_CLIENT: ReadonlySet<Condition["on"]> = new Set(["header", "cookie", "cookies", "language"] as const);
const looksAtClient = ({ when }: Matcher): boolean => when?.some(({ on }) => ON_CLIENT.has(on)) ?? false;

/** Whether all clients get the same at a path as it came, as no rule that could match it looks at what else they send. */
export function isSameForAll(rules: SiteRules | undefined, rawPath: string): boolean {
  if (rules === undefined) return true;
  const decoded = decodePath(rawPath);
  if (decoded.kind === "bad-path") return false;
  const sets = [rules.redirects, rules.rules, rules.rewrites, ...(rules.headers ? [rules.headers] : [])];
  return !sets.some((set: RuleSet<Matcher>) => set.hasCandidate(decoded.path, looksAtClient));
}

/**
 * What the patterns of one request may cost together, in steps of a regular expression; some 20 ms. Past it no further
 * pattern matches: a site's own rules can't take the time of its neighbours.
 */
export const newWork = (): Work => ({ left: 1_000_000 });
