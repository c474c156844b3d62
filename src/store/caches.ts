import type { Sha256 } from "../model/ids.ts";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";

/** Whose builds wrote a cache: production's own, or those of branches that somebody may still have to look at. */
export type CacheLane = "production" | "preview";
/** `install`: what an install wrote, named by all that it depends on. `work`: the frameworks' own caches. */
export type CacheKind = "install" | "work";

interface CacheName {
  projectId: string;
  lane: CacheLane;
  kind: CacheKind;
  name: Sha256;
}

export interface StoredCache extends CacheName {
  key: string;
  /** Bytes, compressed. */
  size: number;
  savedAtMs: number;
}

/** The time is a part of the key, so that the order of keys is the order of age and nothing else has to be kept. */
export async function putCache(
  store: ObjectStore,
  { projectId, lane, kind, name }: CacheName,
  body: Blob,
): Promise<void> {
  await store.put(`caches/${projectId}/${lane}/${kind}-${name}-${String(Date.now()).padStart(13, "0")}`, body);
}

/** Newest first. */
export async function listCaches(store: ObjectStore, projectId?: string): Promise<StoredCache[]> {
  const found: StoredCache[] = [];
  let after: string | undefined;
  do {
    const prefix = projectId === undefined ? "caches/" : `caches/${projectId}/`;
    const page = await store.list(prefix, after === undefined ? {} : { after });
    found.push(...page.objects.flatMap(parse));
    after = page.next;
  } while (after !== undefined);
  return found.sort((a, b) => b.savedAtMs - a.savedAtMs);
}

export async function removeCaches(store: ObjectStore, projectId: string): Promise<void> {
  await store.delete((await listCaches(store, projectId)).map(({ key }) => key));
}

function parse({ key, size }: ObjectInfo): StoredCache[] {
  const match = /^caches\/([^/]+)\/(production|preview)\/(install|work)-([0-9a-f]{64})-(\d{13,})$/.exec(key);
  if (match === null) return [];
  const [, projectId, lane, kind, name, savedAt] = match as unknown as [
    string,
    string,
    CacheLane,
    CacheKind,
    Sha256,
    string,
  ];
  return [{ key, size, projectId, lane, kind, name, savedAtMs: Number(savedAt) }];
}

/**
 * What has to go: of each kind and name all but the newest, then the oldest of a project beyond its bound, then the
 * oldest of all beyond the whole's. Pure.
 */
export function surplusCaches(
  caches: readonly StoredCache[],
  { projectBytes, totalBytes }: { projectBytes: number; totalBytes: number },
): string[] {
  const newestFirst = [...caches].sort((a, b) => b.savedAtMs - a.savedAtMs);
  const seen = new Set<string>();
  const ofProject = new Map<string, number>();
  let total = 0;
  return newestFirst.flatMap(({ key, projectId, lane, kind, name, size }) => {
    const same = `${projectId}/${lane}/${kind}-${name}`;
    const used = ofProject.get(projectId) ?? 0;
    if (seen.has(same) || used + size > projectBytes || total + size > totalBytes) return [key];
    seen.add(same);
    ofProject.set(projectId, used + size);
    total += size;
    return [];
  });
}
