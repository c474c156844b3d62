import type { Decision } from "./resolve.ts";
import type { Site, SiteFile } from "./site.ts";

const ROUTES_MAX = 20_000;
/** Longer ones are rare, and not worth their memory. */
const URL_MAX_CHARACTERS = 512;

/**
 * Remembers which file a URL means, where that depends on the URL and the deployment alone. Held by URL with its host
 * and bounded for all sites together; another deployment behind the host is another `Site`, so no entry outlives one.
 */
export class KnownRoutes {
  private readonly routes = new Map<string, { site: Site; file: SiteFile }>();

  get(url: string, site: Site): SiteFile | undefined {
    const route = this.routes.get(url);
    return route !== undefined && route.site === site ? route.file : undefined;
  }

  /** Only for a GET or HEAD without a query that was answered with `decision`. */
  learn(url: string, site: Site, decision: Decision<SiteFile>): void {
    if (decision.kind !== "serve" || decision.status !== 200 || decision.file === site.singlePage) return;
    // Rules may look at more than the URL.
    if (url.length > URL_MAX_CHARACTERS || ("routes" in site && site.routes !== undefined)) return;
    if (this.routes.size >= ROUTES_MAX) this.routes.clear();
    this.routes.set(url, { site, file: decision.file });
  }
}
