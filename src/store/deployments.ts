import type { LogLine } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import type { DeploymentId, Sha256 } from "../model/ids.ts";
import type { Manifest } from "../model/manifest.ts";
import { decodeManifest, encodeManifest } from "../model/manifest-json.ts";
import type { Source } from "../model/source.ts";
import { encodeJson, isDamaged, parseJson, readVersioned, withChecksum } from "./json-objects.ts";
import type { ObjectStore } from "./object-store.ts";

/** A deployment's uploaded source: `deployments/<id>/source.json`. */
export interface StoredSource {
  version: 1;
  tree: Sha256;
  source: Source;
  files: number;
  bytes: number;
  /** Absent for a plain folder. */
  git?: StoredGit;
}

/** What a build's git is told of the source's commit. */
export interface StoredGit {
  head: string;
  branch: string | null;
  objectFormat: "sha1" | "sha256";
  /** Names without `refs/tags/`, with the ids that they hold. */
  tags: Record<string, string>;
  /** Commits whose parents are left out. */
  shallow: string[];
  /** Blob of a pack file with commits, trees and tags. */
  pack: Sha256;
}

const keyOf = (id: DeploymentId, name: "source.json" | "manifest.json" | "log.jsonl"): string =>
  `deployments/${id}/${name}`;

/** An upload that is done again after a crash replaces what it wrote before. */
export async function putSource(store: ObjectStore, id: DeploymentId, source: StoredSource): Promise<void> {
  await store.put(keyOf(id, "source.json"), encodeJson(source));
}

export async function getSource(store: ObjectStore, id: DeploymentId): Promise<StoredSource | undefined> {
  return (await readVersioned<StoredSource>(store, keyOf(id, "source.json")))?.value;
}

/**
 * Writes the manifest of `manifest.deployment` once: a deployment serves the same bytes for ever, so a second worker's
 * manifest is dropped.
 * @returns which of the two is in the store now
 */
export async function putManifest(store: ObjectStore, manifest: Manifest): Promise<"written" | "earlier-kept"> {
  const key = keyOf(manifest.deployment, "manifest.json");
  const { written } = await store.put(key, withChecksum(encodeManifest(manifest)), { ifAbsent: true });
  return written ? "written" : "earlier-kept";
}

/** @throws BerthError `corrupt_object` when it is not the manifest of this deployment, whole and sound */
export async function getManifest(store: ObjectStore, id: DeploymentId): Promise<Manifest | undefined> {
  return (await readManifest(store, id))?.manifest;
}

/** With its ETag. @throws as `getManifest` */
export async function readManifest(
  store: ObjectStore,
  id: DeploymentId,
): Promise<{ manifest: Manifest; etag: string } | undefined> {
  const found = await store.get(manifestKey(id));
  return found && { manifest: manifestIn(await found.bytes(), id), etag: found.etag };
}

export const manifestKey = (id: DeploymentId): string => keyOf(id, "manifest.json");

/** What the stored bytes say. @throws as `getManifest` */
export function manifestIn(bytes: Uint8Array, id: DeploymentId): Manifest {
  const manifest = isDamaged(bytes) ? undefined : decodeManifest(bytes, id);
  if (manifest !== undefined) return manifest;
  throw new BerthError("corrupt_object", `The stored object '${manifestKey(id)}' is damaged or missing.`, {
    hint: "Restore the object from a backup, or deploy again.",
  });
}

/**
 * Puts a manifest in the place of the one that had this ETag; its deployment may have been removed meanwhile.
 * @returns whether it was written
 */
export async function replaceManifest(store: ObjectStore, manifest: Manifest, etag: string): Promise<boolean> {
  const key = keyOf(manifest.deployment, "manifest.json");
  return (await store.put(key, withChecksum(encodeManifest(manifest)), { ifMatch: etag })).written;
}

/** Lines come in pages, of which each is let go of as bytes: the longest logs have 100,000 lines. */
export async function putLog(
  store: ObjectStore,
  id: DeploymentId,
  pages: AsyncIterable<readonly LogLine[]> | Iterable<readonly LogLine[]>,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const page of pages) parts.push(Buffer.from(page.map((line) => `${JSON.stringify(line)}\n`).join("")));
  await store.put(keyOf(id, "log.jsonl"), Buffer.concat(parts));
}

export async function getLog(store: ObjectStore, id: DeploymentId): Promise<LogLine[] | undefined> {
  const key = keyOf(id, "log.jsonl");
  const found = await store.get(key);
  if (found === undefined) return undefined;
  const text = new TextDecoder().decode(await found.bytes());
  // No text of JSON holds a line's end: each of them is one between two lines.
  return parseJson(`[${text.trimEnd().replaceAll("\n", ",")}]`, key) as LogLine[];
}
