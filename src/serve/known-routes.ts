import { hasAssetExtension } from "./media-types.ts";
import type { Decision } from "./resolve.ts";
import type { HeaderChanges } from "./rules/headers.ts";
import type { Site, SiteFile } from "./site.ts";

/** Each holds a file with its headers, some 3 KB, which most often is held for its site anyway. */
const ROUTES_MAX = 8_192;
/** Longer ones are rare, and not worth their memory. */
const URL_MAX_CHARACTERS = 512;

interface Answered {
  /** As it came. */
  path: string;
  decision: Decision<SiteFile>;
  changes: HeaderChanges | undefined;
}

export interface KnownRoute {
  file: SiteFile;
  /** By the site's header rules. */
  changes: HeaderChanges | undefined;
}

/**
 * Remembers which file a URL means, where that depends on the URL and the deployment alone. Held by URL with its host
 * and bounded for all sites together; another deployment behind the host is another `Site` with
 * another serial number, so no entry is taken for another's, and none keeps a site in memory.
 */
export class KnownRoutes {
  private readonly routes = new Map<string, KnownRoute & { serial: number }>();

  get(url: string, site: Site): KnownRoute | undefined {
    const route = this.routes.get(url);
    return route !== undefined && route.serial === site.serial ? route : undefined;
  }

  /** Only for a GET or HEAD without a query that was answered so, and would be to any client. */
  learn(url: string, site: Site, answered: Answered): void {
    const { path, decision, changes } = answered;
    if (decision.kind !== "serve" || decision.status !== 200 || decision.isForNavigation) return;
    // Whether an earlier deployment has the asset that a rule stands in for is asked each time.
    if (decision.rule !== undefined && hasAssetExtension(path)) return;
    if (url.length > URL_MAX_CHARACTERS || changes?.isShared === false) return;
    if (this.routes.size >= ROUTES_MAX) this.routes.clear();
    this.routes.set(url, { serial: site.serial, file: decision.file, changes });
  }
}
