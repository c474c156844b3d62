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

/**
 * The fields, lower-cased, that rules which could match a path as it came look at: what is shown there depends on them,
 * beside the address. None for most paths of most sites.
 */
export function fieldsLookedAt(rules: SiteRules | undefined, rawPath: string): readonly string[] {
  if (rules === undefined) return [];
  const decoded = decodePath(rawPath);
  if (decoded.kind === "bad-path") return [];
  const sets: readonly (RuleSet<Matcher> | undefined)[] = [rules.redirects, rules.rules, rules.rewrites, rules.headers];
  const conditions = sets.flatMap((set) => set?.conditionsNear(decoded.path) ?? []);
  return [...new Set(conditions.flatMap(fieldsOf))].sort();
}

function fieldsOf(condition: Condition): string[] {
  switch (condition.on) {
    case "header":
      return [condition.name.toLowerCase()];
    case "cookie":
    case "cookies":
      return ["cookie"];
    case "language":
      // A cookie can choose it as well.
      return ["accept-language", "cookie"];
    default:
      return [];
  }
}

/**
 * What the patterns of one request may cost together, in steps of a regular expression; some 20 ms. Past it no further
 * pattern matches: a site's own rules can't take the time of its neighbours.
 */
export const newWork = (): Work => ({ left: 1_000_000 });
