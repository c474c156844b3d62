import { handleHtml } from "../model/html-handling.ts";
import type { HtmlHandling, NotFoundHandling } from "../model/manifest.ts";
import type { RuleOrigin } from "../model/routes.ts";
import { takesHtml } from "./accept.ts";
import { hasAssetExtension } from "./media-types.ts";
import { decodePath, encodePath } from "./request-path.ts";
import { RuleRun } from "./rules/apply-rules.ts";
import { mayDecide, type SiteRules } from "./rules/site-rules.ts";

/** What `resolve` reads of a deployment. Paths begin with a slash. */
export interface Routable<File> {
  files: Pick<ReadonlyMap<string, File>, "get" | "has">;
  htmlHandling: HtmlHandling;
  notFoundHandling: NotFoundHandling;
  /** What a single-page application answers navigations with. */
  singlePage?: File | undefined;
  /** Absent when the deployment has none, and costs nothing then. */
  routes?: SiteRules | undefined;
}

export interface RoutedRequest {
  method: string;
  /** As in the request target, still percent-encoded. */
  path: string;
  /** With its `?`; empty when there is none. */
  query: string;
  headers: Pick<Headers, "get">;
  /** Lower-cased, without a port. Rules for one host don't match a request without it. */
  host?: string;
}

export type Decision<File> =
  /** `isForNavigation`: to whom does not navigate, the path is not found. `isForAll`: see `RuleDecision`. */
  | { kind: "serve"; file: File; status: number; rule?: RuleOrigin; isForNavigation?: true; isForAll?: true }
  /** `isOfStyle`: by `cleanUrls` or `trailingSlash` of a vercel.json. */
  | { kind: "redirect"; status: number; location: string; rule?: RuleOrigin; isOfStyle?: true }
  | { kind: "proxy"; url: string; status: number; headers?: Record<string, string>; rule: RuleOrigin }
  /** `status` where a rule wants another one than 404. */
  | { kind: "not-found"; status?: number; rule?: RuleOrigin; isForAll?: true }
  | { kind: "bad-path"; reason: string }
  | { kind: "options" }
  | { kind: "method-not-allowed" };

const NOT_FOUND = { kind: "not-found" } as const;

/**
 * Decides what a request gets, by the manifest alone: no clock, no store. The steps are in their order of precedence:
 * path, rules that go before files, method, files, the other rules, not-found handling. A method that no file takes can
 * still be redirected or be for another origin.
 */
export function resolve<File>(site: Routable<File>, request: RoutedRequest): Decision<File> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (site.routes === undefined && !isRead) return withoutFile(request.method);
  const decoded = decodePath(request.path);
  if (decoded.kind === "bad-path") return isRead ? decoded : withoutFile(request.method);
  if (site.routes !== undefined && mayDecide(site.routes, decoded.path))
    return resolveByRules(site, site.routes, { request, decoded, isRead });
  if (!isRead) return withoutFile(request.method);
  return resolveFile(site, decoded, request.query) ?? resolveNotFound(site, decoded.path, request);
}

function withoutFile<File>(method: string): Decision<File> {
  return { kind: method === "OPTIONS" ? "options" : "method-not-allowed" };
}

interface Asked {
  request: RoutedRequest;
  decoded: { path: string; hadRepeatedSlashes: boolean };
  isRead: boolean;
}

function resolveByRules<File>(
  site: Routable<File>,
  rules: SiteRules,
  { request, decoded, isRead }: Asked,
): Decision<File> {
  const run = new RuleRun<File>(rules, { site, request, path: decoded.path });
  const early = run.beforeFiles();
  if (early === undefined) {
    const styled = run.styledFile();
    const found: Decision<File> | undefined =
      styled === undefined
        ? resolveFile(site, decoded, request.query)
        : styled.file === undefined
          ? undefined
          : shown(styled.file, decoded, request.query);
    if (found !== undefined) return isRead ? found : withoutFile(request.method);
  }
  const ruled = early ?? run.afterFiles();
  if (!isRead && ruled?.kind !== "redirect" && ruled?.kind !== "proxy") return withoutFile(request.method);
  if (ruled?.kind !== "not-found") return ruled ?? resolveNotFound(site, decoded.path, request);
  const { kind: _, status, ...by } = ruled;
  const missing =
    status === undefined ? resolveNotFound(site, decoded.path, request) : pageOf(site, decoded.path, status);
  return missing.kind === "serve" ? { ...missing, ...by } : ruled;
}

/** Of a rule that has a status and a page that is not there: the status holds, so no application answers with 200. */
function pageOf<File>(site: Routable<File>, path: string, status: number): Decision<File> {
  if (site.notFoundHandling !== "404-page") return NOT_FOUND;
  const page = nearestNotFoundPage(site.files, path);
  return page.kind === "serve" ? { ...page, status } : page;
}

function resolveFile<File>(
  site: Routable<File>,
  { path, hadRepeatedSlashes }: { path: string; hadRepeatedSlashes: boolean },
  query: string,
): Decision<File> | undefined {
  const found = handleHtml(site.htmlHandling, path, site.files);
  if (found.kind === "none") return undefined;
  if (found.kind === "moved") return { kind: "redirect", status: 307, location: encodePath(found.to) + query };
  return shown(site.files.get(found.path)!, { path, hadRepeatedSlashes }, query);
}

/** The file at a path; one with repeated slashes is moved to the one without. */
function shown<File>(
  file: File,
  { path, hadRepeatedSlashes }: { path: string; hadRepeatedSlashes: boolean },
  query: string,
): Decision<File> {
  if (hadRepeatedSlashes) return { kind: "redirect", status: 307, location: encodePath(path) + query };
  return { kind: "serve", file, status: 200 };
}

function resolveNotFound<File>(site: Routable<File>, path: string, request: RoutedRequest): Decision<File> {
  switch (site.notFoundHandling) {
    case "404-page":
      return nearestNotFoundPage(site.files, path);
    case "single-page-application": {
      const file = isNavigation(path, request) ? site.singlePage : undefined;
      return file === undefined ? NOT_FOUND : { kind: "serve", file, status: 200, isForNavigation: true };
    }
    case "none":
      return NOT_FOUND;
  }
}

function nearestNotFoundPage<File>(files: Routable<File>["files"], path: string): Decision<File> {
  for (let slash = path.lastIndexOf("/"); slash >= 0; slash = path.lastIndexOf("/", slash - 1)) {
    const file = files.get(`${path.slice(0, slash)}/404.html`);
    if (file !== undefined) return { kind: "serve", file, status: 404 };
    if (slash === 0) break;
  }
  return NOT_FOUND;
}

/** What `isNavigation` looks at: what is shown to navigations alone depends on it. */
export const NAVIGATION_FIELDS: readonly string[] = ["accept", "sec-fetch-mode"];

/**
 * Browsers say by Sec-Fetch-Mode whether a page or a part of one is asked for. Other clients count as going to a page
 * when they take HTML and the path has not the ending of a script, a style or a picture.
 */
function isNavigation(path: string, { headers }: RoutedRequest): boolean {
  const secFetchMode = headers.get("sec-fetch-mode");
  if (secFetchMode !== null) return secFetchMode === "navigate";
  const accept = headers.get("accept");
  return (accept === null || takesHtml(accept)) && !hasAssetExtension(path);
}
