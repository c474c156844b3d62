import { type DeploymentView, publishUnderLock } from "../database/deployments.ts";
import type { Sha256 } from "../model/ids.ts";
import { sha256 } from "../model/ids.ts";
import {
  type BlobRef,
  defaultNotFoundHandling,
  ENCODINGS,
  type Manifest,
  type ManifestEntry,
} from "../model/manifest.ts";
import { ManifestFiles } from "../model/manifest-files.ts";
import type { ProjectSettings } from "../model/project.ts";
import { putMissingBlobs } from "../store/blobs.ts";
import { getManifest, putManifest } from "../store/deployments.ts";
import { type HeldDeployment, NoLongerHeld, type WorkParts } from "../work/held-deployment.ts";
import { pointToReady } from "../work/host-pointers.ts";
import type { OutputFile } from "./collect.ts";
import { compressible, compressVariants } from "./compress.ts";

interface Output {
  files: readonly OutputFile[];
  settings: ProjectSettings;
  warnings: readonly string[];
}

/** Files -> compressed copies -> blobs -> manifest -> host pointers and `ready`, in this order. */
export async function publish(parts: WorkParts, held: HeldDeployment, output: Output): Promise<void> {
  const { view } = held;
  const start = performance.now();
  await held.advance({ to: "publishing", findings: { warnings: [...output.warnings] } });
  const earlier = await earlierEntries(parts, view.project_id);
  const entries: [path: string, entry: ManifestEntry][] = [];
  const blobs = blobsOf(output.files, earlier, held.signal, (path, entry) => {
    entries.push([path, entry]);
  });
  const { newBytes } = await putMissingBlobs(parts.store, blobs, { known: knownHashes(earlier), concurrency: 32 });
  await goLive(parts, held, {
    manifest: manifestOf(view, ManifestFiles.of(entries), output.settings),
    newBytes,
    start,
  });
}

/** Publishes the files of an earlier deployment once more, under this one's name: nothing is read or stored anew. */
export async function republish(
  parts: WorkParts,
  held: HeldDeployment,
  { earlier, settings, warnings }: { earlier: Manifest; settings: ProjectSettings; warnings: readonly string[] },
): Promise<void> {
  const start = performance.now();
  await held.advance({ to: "publishing", findings: { warnings: [...warnings], reused: true } });
  const manifest = {
    ...earlier,
    ...manifestOf(held.view, earlier.files, settings),
    compression: earlier.compression,
  };
  await goLive(parts, held, { manifest, newBytes: 0, start });
}

function manifestOf(view: DeploymentView, files: ManifestFiles, settings: ProjectSettings): Manifest {
  return {
    deployment: view.id,
    project: view.project_name,
    createdAt: view.created_at.toISOString(),
    htmlHandling: settings.html_handling ?? "auto-trailing-slash",
    notFoundHandling: settings.not_found_handling ?? defaultNotFoundHandling(files.paths()),
    compression: "quick",
    files,
  };
}

async function goLive(
  parts: WorkParts,
  held: HeldDeployment,
  { manifest, newBytes, start }: { manifest: Manifest; newBytes: number; start: number },
): Promise<void> {
  const { view, log } = held;
  // An earlier attempt that was cut off behind this point has said what is served; its blobs are all there.
  const kept =
    (await putManifest(parts.store, manifest)) === "written" ? manifest : await getManifest(parts.store, view.id);
  const { count, totalBytes: bytes } = (kept ?? manifest).files;
  await held.advance({ findings: { newBytes } });
  log.say(
    "publish",
    `Published ${count} files, ${bytes} bytes; ${newBytes} bytes are new in the store, compressed copies among them.`,
  );
  await log.flush();
  const isPublished = await publishUnderLock(parts.database, { id: view.id, attempt: view.attempt }, async () => {
    const { promoted } = await pointToReady(parts, view);
    const totalMs = Date.now() - view.created_at.getTime();
    const timings = { publishMs: Math.round(performance.now() - start), totalMs };
    return { promoted, findings: { files: count, bytes, timings } };
  });
  if (!isPublished) throw new NoLongerHeld();
}

/** What earlier deployments of the project published: the same content has been compressed and stored already. */
async function earlierEntries(parts: WorkParts, projectId: string): Promise<Map<Sha256, ManifestEntry>> {
  const row = await parts.database.query
    .selectFrom("deployments")
    .select("id")
    .where("project_id", "=", projectId)
    .where("status", "=", "ready")
    .orderBy("generation", "desc")
    .limit(1)
    .executeTakeFirst();
  const manifest = row && (await getManifest(parts.store, row.id));
  const entries = new Map<Sha256, ManifestEntry>();
  for (const [, entry] of manifest?.files.entries() ?? []) entries.set(entry.hash, entry);
  return entries;
}

function knownHashes(earlier: Map<Sha256, ManifestEntry>): Set<Sha256> {
  const known = new Set<Sha256>();
  for (const entry of earlier.values()) {
    known.add(entry.hash);
    for (const encoding of ENCODINGS) if (entry.encoded?.[encoding]) known.add(entry.encoded[encoding].hash);
  }
  return known;
}

type PutItem = { hash: Sha256; size: number; bytes(): Promise<Uint8Array<ArrayBuffer>> };

/** How many files are compressed at the same time: the thread pool does the work. */
const COMPRESSING = 8;

/** Yields every blob of the output and its compressed copies; `onEntry` gets the finished entry of each file. */
async function* blobsOf(
  files: readonly OutputFile[],
  earlier: Map<Sha256, ManifestEntry>,
  signal: AbortSignal,
  onEntry: (path: string, entry: ManifestEntry) => void,
): AsyncIterable<PutItem> {
  const queue: Promise<{ entry: ManifestEntry; items: PutItem[]; path: string }>[] = [];
  const finish = async () => {
    const { path, entry, items } = await queue.shift()!;
    onEntry(path, entry);
    return items;
  };
  for (const file of files) {
    signal.throwIfAborted();
    const one = blobsOfFile(file, earlier.get(file.hash));
    one.catch(() => undefined); // it is awaited in its turn; until then a failure is not unheard of
    queue.push(one);
    if (queue.length >= COMPRESSING) yield* await finish();
  }
  while (queue.length > 0) yield* await finish();
}

async function blobsOfFile(file: OutputFile, earlier: ManifestEntry | undefined) {
  const { path, hash, size } = file;
  const own: PutItem = { hash, size, bytes: () => file.bytes() };
  if (earlier !== undefined) return { path, entry: { ...earlier }, items: [own] };
  const entry: ManifestEntry = { hash, size };
  const items = [own];
  if (!compressible(path, size)) return { path, entry, items };
  const content = await file.bytes();
  const variants = await compressVariants(content);
  for (const encoding of ENCODINGS) {
    const compressed = variants[encoding];
    if (compressed === undefined) continue;
    const ref: BlobRef = { hash: sha256(compressed), size: compressed.byteLength };
    entry.encoded = { ...entry.encoded, [encoding]: ref };
    items.push({ ...ref, bytes: async () => compressed });
  }
  return { path, entry, items: [{ ...own, bytes: async () => content }, ...items.slice(1)] };
}
