import { ownText } from "../model/own-text.ts";
import { KnownRoute } from "./known-route.ts";
import { hasAssetExtension } from "./media-types.ts";
import type { RequestHost } from "./request-host.ts";
import type { Decision } from "./resolve.ts";
import { type HeaderChanges, valueSet } from "./rules/headers.ts";
import type { Site } from "./site.ts";

/** Each holds a file with its headers, some 3 KB, which most often is held for its site anyway. */
const ROUTES_MAX = 8_192;
/** Longer ones are rare, and not worth their memory. */
const PATH_MAX_CHARACTERS = 512;

interface Answered {
  /** As it came. */
  path: string;
  decision: Decision<number>;
  changes: HeaderChanges | undefined;
}

/**
 * Remembers which file a path of a host means, where that depends on the two and the deployment alone. Bounded for all
 * sites together; another deployment behind the host is another `Site` with another serial number, so no route is taken
 * for another's, and none keeps a site in memory.
 */
export class KnownRoutes {
  private readonly hosts = new Set<RequestHost>();
  private size = 0;

  /** @param path as it came, without a query */
  get(host: RequestHost, path: string, site: Site): KnownRoute | undefined {
    const route = host.routes?.get(path);
    return route !== undefined && route.serial === site.serial ? route : undefined;
  }

  /** Only for a GET or HEAD without a query that was answered so, and would be to any client. */
  learn(host: RequestHost, site: Site, answered: Answered): void {
    const { path, decision, changes } = answered;
    if (decision.kind !== "serve" || decision.status !== 200 || decision.isForNavigation) return;
    // Whether an earlier deployment has the asset that a rule stands in for is asked each time.
    if (decision.rule !== undefined && hasAssetExtension(path)) return;
    // What is answered quickly is compared with the file's own validators.
    if (["etag", "last-modified"].some((name) => valueSet(changes, name) !== undefined)) return;
    if (path.length > PATH_MAX_CHARACTERS || changes?.isShared === false) return;
    if (this.size >= ROUTES_MAX) this.forget();
    this.hosts.add(host);
    host.routes ??= new Map();
    if (!host.routes.has(path)) this.size += 1;
    host.routes.set(ownText(path), new KnownRoute(site.serial, site.files.at(decision.file), changes));
  }

  private forget(): void {
    for (const host of this.hosts) host.routes = undefined;
    this.hosts.clear();
    this.size = 0;
  }
}
