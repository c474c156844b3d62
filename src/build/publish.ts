import { type DeploymentView, type Findings, publishUnderLock } from "../database/deployments.ts";
import { counted } from "../model/counted.ts";
import { stepMs } from "../model/deployment.ts";
import type { Sha256 } from "../model/ids.ts";
import { sha256 } from "../model/ids.ts";
import {
  type BlobRef,
  type Compression,
  defaultNotFoundHandling,
  ENCODINGS,
  type Manifest,
  type ManifestEntry,
} from "../model/manifest.ts";
import { ManifestFiles } from "../model/manifest-files.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { JobQueue } from "../queue/job-queue.ts";
import { type BlobItem, getBlob, IN_MEMORY_MAX_BYTES, putMissingBlobs } from "../store/blobs.ts";
import { getManifest, putManifest } from "../store/deployments.ts";
import { type HeldDeployment, NoLongerHeld, type WorkParts } from "../work/held-deployment.ts";
import { pointToReady } from "../work/host-pointers.ts";
import type { OutputFile } from "./collect.ts";
import { compressible, compressVariants } from "./compress.ts";
import { isRuleFile, LEFT_OUT, type PublishedRules, rulesOf, type SourceRules } from "./rules/read-rules.ts";
import { strengthenLater } from "./strengthen.ts";

interface Output {
  files: readonly OutputFile[];
  settings: ProjectSettings;
  warnings: readonly string[];
  sourceRules: SourceRules;
  /** How the framework writes pages as files, where it can also make a server. */
  howToWritePages?: string | null;
}

export type PublishParts = WorkParts & { queue: JobQueue };

/** Files -> compressed copies -> blobs -> manifest -> host pointers and `ready`, in this order. */
export async function publish(parts: PublishParts, held: HeldDeployment, output: Output): Promise<void> {
  const { view } = held;
  const start = performance.now();
  const files = new Map(output.files.map((file) => [file.path, file]));
  const rules = await rulesOf(
    output.sourceRules,
    { has: (path) => files.has(path), blobOf: (path) => files.get(path), bytesOf: (path) => files.get(path)!.bytes() },
    output.settings,
    output.howToWritePages,
  );
  await beginPublishing(held, [...output.warnings, ...rules.warnings], rules);
  const { earlier, isStrong } = await earlierEntries(parts, view.project_id);
  const entries: [path: string, entry: ManifestEntry][] = [];
  let compression: Compression = isStrong ? "strong" : "quick";
  const blobs = blobsOf(output.files, earlier, held.signal, ({ path, entry, isCompressedNow }) => {
    if (isRuleFile(path)) return;
    entries.push([path, entry]);
    if (isCompressedNow) compression = "quick";
  });
  const { newBytes } = await putMissingBlobs(parts.store, blobs, { known: knownHashes(earlier), concurrency: 32 });
  const manifest = {
    ...manifestOf(view, ManifestFiles.of(entries), { settings: output.settings, rules }),
    compression,
  };
  await goLive(parts, held, { manifest, newBytes, start });
}

/** Publishes the files of an earlier deployment once more, under this one's name: nothing is read or stored anew. */
export async function republish(
  parts: PublishParts,
  held: HeldDeployment,
  { earlier, settings, warnings, sourceRules }: Omit<Output, "files"> & { earlier: Manifest },
): Promise<void> {
  const start = performance.now();
  const { files, ruleFiles } = earlier;
  const rules = await rulesOf(
    sourceRules,
    {
      has: (path) => files.find(`/${path}`) !== -1,
      blobOf: (path) => ruleFiles?.[path] ?? blobAt(files, path),
      bytesOf: (path) => getBlob(parts.store, (ruleFiles?.[path] ?? blobAt(files, path))!.hash),
    },
    settings,
  );
  const kept = warnings.filter((warning) => !warning.startsWith(LEFT_OUT));
  await beginPublishing(held, [...kept, ...rules.warnings], rules, { reused: true });
  const manifest = {
    ...earlier,
    ...manifestOf(held.view, files, { settings, rules }),
    compression: earlier.compression,
  };
  await goLive(parts, held, { manifest, newBytes: 0, start });
}

function blobAt(files: ManifestFiles, path: string): BlobRef | undefined {
  const number = files.find(`/${path}`);
  return number === -1 ? undefined : files.entryAt(number);
}

async function beginPublishing(
  held: HeldDeployment,
  warnings: string[],
  rules: PublishedRules,
  findings: Findings = {},
): Promise<void> {
  for (const warning of rules.warnings) held.log.say("publish", `Warning: ${warning}`);
  await held.advance({ to: "publishing", findings: { ...findings, warnings } });
}

function manifestOf(
  view: DeploymentView,
  files: ManifestFiles,
  { settings, rules }: { settings: ProjectSettings; rules: PublishedRules },
): Omit<Manifest, "compression"> {
  return {
    deployment: view.id,
    project: view.project_name,
    createdAt: view.created_at.toISOString(),
    htmlHandling: settings.html_handling ?? "auto-trailing-slash",
    notFoundHandling: settings.not_found_handling ?? defaultNotFoundHandling(files.paths()),
    files,
    routes: rules.routes,
    ruleFiles: rules.ruleFiles,
  };
}

async function goLive(
  parts: PublishParts,
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
    `Published ${counted(count, "file")}, ${counted(bytes, "byte")}; new in the store: ${counted(newBytes, "byte")}, compressed copies among them.`,
  );
  await log.flush();
  // Before it is live, so that no crash comes between; it waits while this very build runs.
  await strengthenLater(parts, view.id);
  const isPublished = await publishUnderLock(parts.database, { id: view.id, attempt: view.attempt }, async () => {
    const { promoted } = await pointToReady(parts, view);
    const timings = { publishMs: stepMs(performance.now() - start) };
    return { promoted, findings: { files: count, bytes, timings } };
  });
  if (!isPublished) throw new NoLongerHeld();
}

/** What earlier deployments of the project published: the same content has been compressed and stored already. */
async function earlierEntries(
  parts: PublishParts,
  projectId: string,
): Promise<{ earlier: Map<Sha256, ManifestEntry>; isStrong: boolean }> {
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
  return { earlier: entries, isStrong: manifest?.compression === "strong" };
}

function knownHashes(earlier: Map<Sha256, ManifestEntry>): Set<Sha256> {
  const known = new Set<Sha256>();
  for (const entry of earlier.values()) {
    known.add(entry.hash);
    for (const encoding of ENCODINGS) if (entry.encoded?.[encoding]) known.add(entry.encoded[encoding].hash);
  }
  return known;
}

/** How many files are compressed at the same time: the thread pool does the work. */
const COMPRESSING = 8;
/** Of the files among them; a larger one is alone. */
const COMPRESSING_MAX_BYTES = 64 * 1024 ** 2;

/** Yields every blob of the output and its compressed copies; `onEntry` gets the finished entry of each file. */
async function* blobsOf(
  files: readonly OutputFile[],
  earlier: Map<Sha256, ManifestEntry>,
  signal: AbortSignal,
  onEntry: (file: PublishedFile) => void,
): AsyncIterable<BlobItem> {
  const queue: { one: Promise<PublishedFile>; size: number }[] = [];
  let queuedBytes = 0;
  const finish = async () => {
    const { one, size } = queue.shift()!;
    queuedBytes -= size;
    const published = await one;
    onEntry(published);
    return published.items;
  };
  for (const file of files) {
    signal.throwIfAborted();
    while (queue.length > 0 && queuedBytes + file.size > COMPRESSING_MAX_BYTES) yield* await finish();
    const one = blobsOfFile(file, earlier.get(file.hash));
    one.catch(() => undefined); // it is awaited in its turn; until then a failure is not unheard of
    queue.push({ one, size: file.size });
    queuedBytes += file.size;
    if (queue.length >= COMPRESSING) yield* await finish();
  }
  while (queue.length > 0) yield* await finish();
}

interface PublishedFile {
  path: string;
  entry: ManifestEntry;
  items: BlobItem[];
  /** Whether its copies, if they paid, are new ones. */
  isCompressedNow: boolean;
}

async function blobsOfFile(file: OutputFile, earlier: ManifestEntry | undefined): Promise<PublishedFile> {
  const { path, hash, size } = file;
  const isLarge = size > IN_MEMORY_MAX_BYTES;
  const own: BlobItem = { hash, size, bytes: () => (isLarge && file.blob?.()) || file.bytes() };
  if (earlier !== undefined) return { path, entry: { ...earlier }, items: [own], isCompressedNow: false };
  const entry: ManifestEntry = { hash, size };
  const items = [own];
  if (!compressible(path, size)) return { path, entry, items, isCompressedNow: false };
  const content = await file.bytes();
  const variants = await compressVariants(content, "quick");
  for (const encoding of ENCODINGS) {
    const compressed = variants[encoding];
    if (compressed === undefined) continue;
    const ref: BlobRef = { hash: sha256(compressed), size: compressed.byteLength };
    entry.encoded = { ...entry.encoded, [encoding]: ref };
    items.push({ ...ref, bytes: async () => compressed });
  }
  if (!isLarge) items[0] = { ...own, bytes: async () => content };
  return { path, entry, items, isCompressedNow: true };
}
