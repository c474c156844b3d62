import { findDeployment } from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import { BerthError } from "../model/errors.ts";
import { type DeploymentId, isDeploymentId, type Sha256, sha256 } from "../model/ids.ts";
import { ENCODINGS, type Manifest, type ManifestEntry } from "../model/manifest.ts";
import { ManifestFiles } from "../model/manifest-files.ts";
import type { JobQueue, JobWorker } from "../queue/job-queue.ts";
import { type BlobItem, getBlob, putMissingBlobs } from "../store/blobs.ts";
import { getManifest, readManifest, replaceManifest } from "../store/deployments.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { compressible, compressVariants } from "./compress.ts";

interface StrengthenParts {
  database: Database;
  store: ObjectStore;
  queue: JobQueue;
  onFault(error: unknown, context: Record<string, string>): void;
}

/** How far back copies are looked for that need not be made again. */
const EARLIER_DEPLOYMENTS = 5;
const BUILD_PAUSE_MS = 500;

/** Puts a deployment that is live in line. What fails here costs its visitors some bytes and nothing else. */
export async function strengthenLater(parts: StrengthenParts, id: DeploymentId): Promise<void> {
  await parts.queue.add("compress", id).catch((error) => parts.onFault(error, { deployment: id }));
}

/**
 * Compresses what is live once more, as small as it gets: one deployment at a time, and while `isBuilding` not at all.
 * A job that is cut off leaves the manifest as it was and begins anew.
 */
export function startStrengthening(parts: StrengthenParts, isBuilding: () => boolean): Promise<JobWorker> {
  return parts.queue.work("compress", {
    concurrency: 1,
    onFault: (error) => parts.onFault(error, { queue: "compress" }),
    async handle(id, signal) {
      const isFree = async () => {
        while (isBuilding() && !signal.aborted) await Bun.sleep(BUILD_PAUSE_MS);
        signal.throwIfAborted();
      };
      try {
        if (isDeploymentId(id)) await strengthen(parts, id, isFree);
      } catch (error) {
        if (!signal.aborted) parts.onFault(error, { deployment: id, work: "compress" });
        throw error;
      }
    },
  });
}

/**
 * The manifest is replaced at one blow, and only if it is still the one that was read. The quick copies stay in the
 * store: a handler may be about to send them, and other deployments name them too.
 */
export async function strengthen(
  parts: Pick<StrengthenParts, "database" | "store">,
  id: DeploymentId,
  isFree: () => Promise<void>,
): Promise<void> {
  const found = await readManifest(parts.store, id);
  if (found === undefined || found.manifest.compression === "strong") return;
  const { manifest, etag } = found;
  const strong = await strongEntries(parts, id);
  const entries: [string, ManifestEntry][] = [];
  for (const [path, entry] of manifest.files.entries()) {
    if (compressible(path, entry.size) && !strong.has(entry.hash)) {
      await isFree();
      strong.set(entry.hash, await strongest(parts.store, entry));
    }
    entries.push([path, strong.get(entry.hash) ?? entry]);
  }
  const better: Manifest = { ...manifest, compression: "strong", files: ManifestFiles.of(entries) };
  if (await replaceManifest(parts.store, better, etag)) return;
  const now = await getManifest(parts.store, id);
  if (now?.compression === "quick") throw new Error(`the manifest of ${id} changed while it was compressed`);
}

/** By content: what earlier deployments of the project had compressed like this. */
async function strongEntries(
  { database, store }: Pick<StrengthenParts, "database" | "store">,
  id: DeploymentId,
): Promise<Map<Sha256, ManifestEntry>> {
  const entries = new Map<Sha256, ManifestEntry>();
  const view = await findDeployment(database, id).catch((error) => {
    if (error instanceof BerthError && error.code === "deployment_not_found") return undefined;
    throw error;
  });
  if (view === undefined) return entries;
  const rows = await database.query
    .selectFrom("deployments")
    .select("id")
    .where("project_id", "=", view.project_id)
    .where("status", "=", "ready")
    .where("id", "!=", id)
    .orderBy("generation", "desc")
    .limit(EARLIER_DEPLOYMENTS)
    .execute();
  for (const row of rows) {
    const manifest = await getManifest(store, row.id);
    if (manifest?.compression !== "strong") continue;
    for (const [path, entry] of manifest.files.entries()) {
      if (compressible(path, entry.size)) entries.set(entry.hash, entry);
    }
  }
  return entries;
}

/** Each copy that came out smaller than the one there was; its blob is in the store when this is done. */
async function strongest(store: ObjectStore, entry: ManifestEntry): Promise<ManifestEntry> {
  const variants = await compressVariants(await getBlob(store, entry.hash), "strong");
  const encoded = { ...entry.encoded };
  const items: BlobItem[] = [];
  for (const encoding of ENCODINGS) {
    const copy = variants[encoding];
    if (copy === undefined || copy.byteLength >= (encoded[encoding]?.size ?? Number.POSITIVE_INFINITY)) continue;
    encoded[encoding] = { hash: sha256(copy), size: copy.byteLength };
    items.push({ ...encoded[encoding], bytes: async () => copy });
  }
  await putMissingBlobs(store, items, { known: new Set(), concurrency: items.length || 1 });
  return { ...entry, encoded };
}
