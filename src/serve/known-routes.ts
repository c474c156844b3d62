import type { Decision } from "./resolve.ts";
import type { Site, SiteFile } from "./site.ts";

/** Each holds a file with its headers, some 3 KB, which most often is held for its site anyway. */
const ROUTES_MAX = 8_192;
/** Longer ones are rare, and not worth their memory. */
const URL_MAX_CHARACTERS = 512;

/**
 * Remembers which file a URL means, where that depends on the URL and the deployment alone. Held by URL with its host
 * and bounded for all sites together; another deployment behind the host is another `Site` with
 * another serial number, so no entry is taken for another's, and none keeps a site in memory.
 */
export class KnownRoutes {
  private readonly routes = new Map<string, { serial: number; file: SiteFile }>();

  get(url: string, site: Site): SiteFile | undefined {
    const route = this.routes.get(url);
    return route !== undefined && route.serial === site.serial ? route.file : undefined;
  }

  /** Only for a GET or HEAD without a query that was answered with `decision`, and that no rule has a say in. */
  learn(url: string, site: Site, decision: Decision<SiteFile>): void {
    if (decision.kind !== "serve" || decision.status !== 200) return;
    // The page of a single-page application answers by what the client asks for.
    if (site.notFoundHandling === "single-page-application" && decision.file === site.singlePage) return;
    if (url.length > URL_MAX_CHARACTERS) return;
    if (this.routes.size >= ROUTES_MAX) this.routes.clear();
    this.routes.set(url, { serial: site.serial, file: decision.file });
  }
}
