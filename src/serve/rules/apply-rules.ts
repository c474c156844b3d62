import type { Work } from "../../model/linear-regex/match.ts";
import { styledFile, styledPath } from "../../model/path-style.ts";
import { type Captures, compilePattern, noCaptures } from "../../model/route-pattern.ts";
import type { Route, RuleOrigin } from "../../model/routes.ts";
import { decodePath, encodePath } from "../request-path.ts";
import type { Routable, RoutedRequest } from "../resolve.ts";
import { type Destination, destinationOf, mergedQuery, passedQuery } from "./destination.ts";
import { markedPath } from "./escapes.ts";
import { RequestFacts } from "./request-facts.ts";
import { type Matched, otherSlash } from "./rule-set.ts";
import { newWork, type SiteRules } from "./site-rules.ts";

export type RuleDecision<File> =
  /** `isForAll`: the rule is for every path without a file, and so says of none that it is gone. */
  | { kind: "serve"; file: File; status: number; rule: RuleOrigin; isForAll?: true }
  | { kind: "redirect"; status: number; location: string; rule?: RuleOrigin; isOfStyle?: true }
  | { kind: "proxy"; url: string; status: number; headers?: Record<string, string>; rule: RuleOrigin }
  /** `status` where the rule has one for what it shows, which is not there. */
  | { kind: "not-found"; status?: number; rule: RuleOrigin; isForAll?: true };

interface Asked<File> {
  site: Routable<File>;
  request: RoutedRequest;
  /** Decoded. */
  path: string;
}

/**
 * The rules' side of one request, in three questions: what goes before its file, what comes in the place of a file
 * that is not there, and whether a file is found otherwise than by HTML handling.
 */
export class RuleRun<File> {
  private readonly facts: RequestFacts;
  private readonly work: Work = newWork();
  private later: Matched<Route> | undefined;

  constructor(
    private readonly rules: SiteRules,
    private readonly asked: Asked<File>,
  ) {
    this.facts = new RequestFacts(asked.request);
  }

  /** The style of paths and `redirects` of a vercel.json, then a rule that is forced. */
  beforeFiles(): RuleDecision<File> | undefined {
    const { path, request } = this.asked;
    const styled = this.rules.paths && styledPath(this.rules.paths, path);
    if (styled !== undefined) {
      return { kind: "redirect", status: 308, location: encodePath(styled) + request.query, isOfStyle: true };
    }
    for (const matched of this.rules.redirects.matching(path, this.facts, this.work)) {
      const decision = this.follow(matched, mergedQuery);
      if (decision !== undefined) return decision;
    }
    for (const matched of this.rules.rules.matching(path, this.facts, this.work)) {
      if (!matched.rule.forced) {
        this.later = matched;
        return undefined;
      }
      const decision = this.follow(matched, passedQuery);
      if (decision !== undefined) return decision;
    }
    return undefined;
  }

  /** The file at the path, where a vercel.json says how paths look; `undefined` leaves it to HTML handling. */
  styledFile(): { file: File | undefined } | undefined {
    const { site, path } = this.asked;
    if (this.rules.paths === undefined) return undefined;
    const found = styledFile(this.rules.paths, path, site.files);
    return { file: found === undefined ? undefined : site.files.get(found) };
  }

  /** The first rule that was not forced, the ones after it when it leads nowhere, then `rewrites` of a vercel.json. */
  afterFiles(): RuleDecision<File> | undefined {
    const { path } = this.asked;
    let isReached = false;
    if (this.later !== undefined) {
      for (const matched of this.rules.rules.matching(path, this.facts, this.work)) {
        isReached ||= matched.number === this.later.number;
        const decision = isReached ? this.follow(matched, passedQuery) : undefined;
        if (decision !== undefined) return decision;
      }
    }
    for (const matched of this.rules.rewrites.matching(path, this.facts, this.work)) {
      const decision = this.follow(matched, mergedQuery);
      const isPassedOver = decision?.kind === "not-found" && decision.status === undefined;
      if (decision !== undefined && !isPassedOver) return decision;
    }
    return undefined;
  }

  /** undefined: the rule can't lead anywhere for this request, and the next one has its turn. */
  private follow(
    { rule, captures }: Matched<Route>,
    withQuery: typeof passedQuery | typeof mergedQuery,
  ): RuleDecision<File> | undefined {
    const marked = this.markedCaptures(captures, rule);
    const to = destinationOf(rule.to, marked ?? captures, marked !== undefined);
    if (to === undefined) return undefined;
    const { request, site } = this.asked;
    const { status, origin, proxyHeaders } = rule;
    const query = withQuery(to.query, request.query, rule.when);
    if (status >= 300 && status < 400) {
      if ((query === request.query && this.isHere(to, rule)) || this.isRepeated(to, rule)) return undefined;
      const location = (to.kind === "path" ? to.path : to.url) + query;
      return { kind: "redirect", status, location: location + to.fragment, rule: origin };
    }
    if (to.kind === "url") {
      const headers = proxyHeaders && { headers: proxyHeaders };
      return { kind: "proxy", url: to.url + query, status, ...headers, rule: origin };
    }
    const file = fileAt(site.files, to.path);
    const by = isForAll(rule) ? ({ rule: origin, isForAll: true } as const) : { rule: origin };
    if (file !== undefined) return { kind: "serve", file, status, ...by };
    return status === 200 ? { kind: "not-found", ...by } : { kind: "not-found", status, ...by };
  }

  /** What is captured of the path with marks for its escapes, where there are some and the rule matches that too. */
  private markedCaptures(captures: Captures, { path: pattern, to: [start], anySlash }: Route): Captures | undefined {
    const isForUrl = typeof start === "string" && !start.startsWith("/");
    const marked = markedPath(this.asked.request.path, isForUrl);
    if (marked === undefined) return undefined;
    const compiled = compilePattern(pattern);
    const kept = compiled.match(marked, this.work) ?? (anySlash && compiled.match(otherSlash(marked), this.work));
    return kept ? Object.assign(noCaptures(), captures, kept) : undefined;
  }

  /**
   * Whether a redirect would lead back to the address that was asked for, and so on for ever. A rule that only moves a
   * host to HTTPS is one: which of the two a request came by is decided before rules are asked.
   */
  private isHere(to: Destination, { anySlash }: Route): boolean {
    const target = this.ownPath(to);
    const bare = (text: string) => (anySlash ? text.replace(/\/$/, "") : text);
    return target !== undefined && bare(target) === bare(this.asked.path);
  }

  /**
   * Whether a redirect into a folder of its own path, `/docs/*` to `/docs/new/:splat`, was followed already: it would put
   * that folder's name into the path again and again, for a page that is not there.
   */
  private isRepeated(to: Destination, { to: [start, ...captured] }: Route): boolean {
    const { path } = this.asked;
    const target = this.ownPath(to);
    if (target === undefined || target.length <= path.length) return false;
    if (typeof start !== "string" || captured.length === 0) return false;
    const folder = decodePath(start.replace(/^https?:\/\/[^/]*/i, ""));
    if (folder.kind === "bad-path") return false;
    return `${path}/`.startsWith(folder.path) && path.endsWith(target.slice(folder.path.length));
  }

  /** Where it leads on the host that was asked; undefined for another one, or for a port that was not asked. */
  private ownPath(to: Destination): string | undefined {
    const { host, headers } = this.asked.request;
    const url = to.kind === "url" ? new URL(to.url) : undefined;
    if (url !== undefined && url.hostname !== host) return undefined;
    if (url !== undefined && url.port !== "" && !headers.get("host")?.endsWith(`:${url.port}`)) return undefined;
    const target = decodePath(url?.pathname ?? (to as { path: string }).path);
    return target.kind === "bad-path" ? undefined : target.path;
  }
}

/** `/* /404.html 404` and its like; one that is forced hides the files that are there, too. */
function isForAll({ path: [start, rest, ...more], forced }: Route): boolean {
  return !forced && start === "/" && typeof rest === "object" && "rest" in rest && more.length === 0;
}

/** What a rewrite shows: the file of that name, or the page that lives at the path, whatever form its address has. */
function fileAt<File>(files: Routable<File>["files"], encodedPath: string): File | undefined {
  const decoded = decodePath(encodedPath);
  if (decoded.kind === "bad-path") return undefined;
  const { path } = decoded;
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  return files.get(path) ?? (bare === "" ? undefined : files.get(`${bare}.html`)) ?? files.get(`${bare}/index.html`);
}
