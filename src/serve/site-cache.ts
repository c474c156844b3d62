import type { DeploymentId } from "../model/ids.ts";
import { manifestKey } from "../store/deployments.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { ByteCache } from "./byte-cache.ts";
import type { DiskCache } from "./disk-cache.ts";
import { memoryOf, type Site, siteOf } from "./site.ts";
import { loadManifest } from "./sources.ts";

/** A manifest whose copies were made quickly is looked at again after this long, then after twice as long, and so on. */
const FIRST_LOOK_MS = 2 * 60_000;
const LONGEST_LOOK_MS = 60 * 60_000;

export interface SiteCacheParts {
  store: ObjectStore;
  disk: DiskCache | undefined;
  memoryBytes: number;
  now(): number;
}

interface Cached {
  site: Site;
  /** Empty when it came from the disk. */
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

  constructor(private readonly parts: SiteCacheParts) {
    this.sites = new ByteCache(parts.memoryBytes);
  }

  /** What is in memory; it is answered with also while the store is asked whether there is a better one. */
  peek(id: DeploymentId): Site | undefined {
    const cached = this.sites.peek(id);
    if (cached === undefined) return undefined;
    if (cached.lookAgainAt !== Number.POSITIVE_INFINITY && this.parts.now() >= cached.lookAgainAt) {
      this.postpone(cached);
      this.lookAgain(id, cached).catch(() => undefined); // a store that is down is no reason not to serve
    }
    return cached.site;
  }

  /** Of a site that was answered for without being looked up. */
  countHit(): void {
    this.sites.hits += 1;
  }

  /** @throws BerthError `corrupt_object`, or what the store throws */
  async load(id: DeploymentId): Promise<Site | undefined> {
    return (await this.sites.load(id, () => this.read(id)))?.site;
  }

  private async read(id: DeploymentId): Promise<{ value: Cached; sizeBytes: number } | undefined> {
    const { store, disk } = this.parts;
    const found = await loadManifest(store, id, disk);
    if (found === undefined) return undefined;
    const { manifest, etag } = found;
    const cached = { site: siteOf(manifest), etag, lookAgainAt: Number.POSITIVE_INFINITY, pauseMs: FIRST_LOOK_MS };
    if (manifest.compression === "quick") this.postpone(cached);
    return { value: cached, sizeBytes: memoryOf(manifest) };
  }

  private postpone(cached: Cached): void {
    cached.lookAgainAt = this.parts.now() + cached.pauseMs;
    cached.pauseMs = Math.min(2 * cached.pauseMs, LONGEST_LOOK_MS);
  }

  private async lookAgain(id: DeploymentId, { etag }: Cached): Promise<void> {
    const found = await this.parts.store.head(manifestKey(id));
    if (found === undefined || found.etag === etag) return;
    await this.sites.load(id, () => this.read(id));
  }

  clear(): void {
    this.sites.clear();
  }

  get stats() {
    const { hits, misses, bytes } = this.sites;
    return { manifestHits: hits, manifestMisses: misses, manifestBytes: bytes };
  }
}
