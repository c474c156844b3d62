import type { DeploymentId } from "../model/ids.ts";
import { readManifest } from "../store/deployments.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { ByteCache } from "./byte-cache.ts";
import { memoryOf, type Site, siteOf } from "./site.ts";

/** A manifest whose copies were made quickly is looked at again after this long, then after twice as long, and so on. */
const FIRST_LOOK_MS = 2 * 60_000;
const LONGEST_LOOK_MS = 60 * 60_000;

interface Cached {
  site: Site;
  etag: string;
  /** Infinity: it stays as it is for ever. */
  lookAgainAt: number;
  pauseMs: number;
}

/**
 * Deployments in memory, ready to be served. What a deployment serves never changes, but its compressed copies become
 * smaller some time after it went live; until they have, its manifest is looked at again now and then.
 */
export class SiteCache {
  private readonly sites: ByteCache<DeploymentId, Cached>;

  constructor(
    private readonly store: ObjectStore,
    memoryBytes: number,
    private readonly now: () => number,
  ) {
    this.sites = new ByteCache(memoryBytes);
  }

  /** What is in memory; it is answered with also while the store is asked whether there is a better one. */
  peek(id: DeploymentId): Site | undefined {
    const cached = this.sites.peek(id);
    if (cached === undefined) return undefined;
    if (cached.lookAgainAt !== Number.POSITIVE_INFINITY && this.now() >= cached.lookAgainAt) {
      this.postpone(cached);
      this.lookAgain(id, cached).catch(() => undefined); // a store that is down is no reason not to serve
    }
    return cached.site;
  }

  /** @throws BerthError `corrupt_object`, or what the store throws */
  async load(id: DeploymentId): Promise<Site | undefined> {
    return (await this.sites.load(id, () => this.read(id)))?.site;
  }

  private async read(id: DeploymentId): Promise<{ value: Cached; sizeBytes: number } | undefined> {
    const found = await readManifest(this.store, id);
    if (found === undefined) return undefined;
    const { manifest, etag } = found;
    const cached = { site: siteOf(manifest), etag, lookAgainAt: Number.POSITIVE_INFINITY, pauseMs: FIRST_LOOK_MS };
    if (manifest.compression === "quick") this.postpone(cached);
    return { value: cached, sizeBytes: memoryOf(manifest) };
  }

  private postpone(cached: Cached): void {
    cached.lookAgainAt = this.now() + cached.pauseMs;
    cached.pauseMs = Math.min(2 * cached.pauseMs, LONGEST_LOOK_MS);
  }

  private async lookAgain(id: DeploymentId, { etag }: Cached): Promise<void> {
    const found = await this.store.head(`deployments/${id}/manifest.json`);
    if (found !== undefined && found.etag !== etag) await this.sites.load(id, () => this.read(id));
  }

  clear(): void {
    this.sites.clear();
  }

  get stats() {
    const { hits, misses, bytes } = this.sites;
    return { manifestHits: hits, manifestMisses: misses, manifestBytes: bytes };
  }
}
