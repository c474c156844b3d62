import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContactedHost } from "../model/contacted-host.ts";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import { assertNoEntryBelowAnother, pathProblem, type TreeEntry, type TreeMode } from "../model/tree.ts";
import { type BlobItem, putMissingBlobs } from "../store/blobs.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { putTree } from "../store/trees.ts";
import type { GitHistory } from "./git-history.ts";

export interface FetchLimits {
  /** Longest time that fetching may take. */
  wallMs: number;
  bytes: number;
  files: number;
}

export interface SourceFile {
  path: string;
  mode: TreeMode;
  /** The content, once, and only until the next file is asked for. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** What a source offers to be stored. `close` ends its processes and removes its temporary files; call it always. */
export interface FetchedSource {
  kind: "git" | "folder";
  branch: string | null;
  defaultBranch: string | null;
  commit: string | null;
  isDefaultBranch: boolean;
  /**
   * Whether the commit is shown to be in the history of the branch that was asked for, or of any where none was. Hosts
   * give out commits that others have proposed by the address of the repository that they are proposed to.
   */
  isOwn: boolean;
  /** One pass, in order. */
  files: AsyncIterable<SourceFile>;
  /** After the last file: what a build's git is to know. Absent for a plain folder. */
  history?(): Promise<GitHistory>;
  /** @returns the hosts that it was fetched from. May be called again. */
  close(): Promise<readonly ContactedHost[]>;
}

export interface PutSourceOptions {
  store: ObjectStore;
  source: FetchedSource;
  /** Blobs that the store is known to hold. */
  known: ReadonlySet<Sha256>;
  temporaryDirectory: string;
  limits: FetchLimits;
  signal: AbortSignal;
  onLog(text: string): void;
}

export interface PutSource {
  tree: Sha256;
  entries: TreeEntry[];
  files: number;
  bytes: number;
  newBytes: number;
}

/** Larger files go through a temporary file, so that memory stays flat. */
const IN_MEMORY_MAX_BYTES = 8 * 1024 * 1024;
const PUT_CONCURRENCY = 16;
/** Linux: PATH_MAX. */
const LINK_MAX_BYTES = 4096;

/**
 * Hashes the files of a source, puts the blobs that the store lacks, then the tree.
 * @throws BerthError `source_refused`, `source_empty`, `source_too_large`, and those of the store
 */
export async function putSourceTree(options: PutSourceOptions): Promise<PutSource> {
  await mkdir(options.temporaryDirectory, { recursive: true });
  const spool = await mkdtemp(join(options.temporaryDirectory, "spool-"));
  const entries: TreeEntry[] = [];
  try {
    const items = hashFiles({ ...options, spool, entries });
    const { newBytes } = await putMissingBlobs(options.store, items, {
      known: options.known,
      concurrency: PUT_CONCURRENCY,
    });
    options.signal.throwIfAborted();
    if (entries.length === 0) {
      throw new BerthError("source_empty", "The source has no files.", {
        hint: "Commit and push the site's files, or choose another folder or branch.",
      });
    }
    assertNoEntryBelowAnother(entries);
    const tree = await putTree(options.store, entries);
    const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
    return { tree, entries, files: entries.length, bytes, newBytes };
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/** Adds an entry for each file, and yields those blobs that may be new. */
async function* hashFiles(
  options: PutSourceOptions & { spool: string; entries: TreeEntry[] },
): AsyncGenerator<BlobItem> {
  const { source, limits, signal, known, entries } = options;
  let bytes = 0;
  for await (const file of source.files) {
    signal.throwIfAborted();
    const problem = pathProblem(file.path);
    if (problem) throw refused(file.path, problem);
    if (entries.length >= limits.files) throw tooLarge("files", limits);
    const content = await readContent(file, {
      path: join(options.spool, String(entries.length)),
      maxBytes: limits.bytes - bytes,
      limits,
    });
    const link = file.mode === "120000" ? await linkProblem(file.path, content) : undefined;
    if (link) {
      options.onLog(`Warning: the link '${file.path}' is left out: ${link}.`);
      continue;
    }
    bytes += content.size;
    entries.push({ path: file.path, mode: file.mode, hash: content.hash, size: content.size });
    if (!known.has(content.hash)) yield content;
  }
}

interface Spool {
  path: string;
  maxBytes: number;
  limits: FetchLimits;
}

/** Reads once and hashes what was read: a file that changes meanwhile is stored as it was seen. */
async function readContent(file: SourceFile, { path, maxBytes, limits }: Spool): Promise<BlobItem> {
  const hasher = new Bun.CryptoHasher("sha256");
  const chunks: Uint8Array[] = [];
  let size = 0;
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  try {
    for await (const chunk of file.chunks()) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge("bytes", limits);
      hasher.update(chunk);
      chunks.push(chunk);
      if (size <= IN_MEMORY_MAX_BYTES) continue;
      handle ??= await open(path, "wx", 0o600);
      for (const held of chunks.splice(0)) await handle.writeFile(held);
    }
  } finally {
    await handle?.close();
  }
  const hash = hasher.digest("hex") as Sha256;
  const small = Buffer.concat(chunks);
  return { hash, size, bytes: handle === undefined ? async () => small : () => Bun.file(path) };
}

async function linkProblem(path: string, content: BlobItem): Promise<string | undefined> {
  if (content.size === 0 || content.size > LINK_MAX_BYTES) return "its target has no usable length";
  const target = Buffer.from((await content.bytes()) as Uint8Array).toString();
  if (/[\u0000\ufffd]/.test(target)) return "its target is not a UTF-8 path";
  if (target.startsWith("/")) return "its target is an absolute path";
  let depth = path.split("/").length - 1;
  for (const part of target.split("/")) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) return "its target lies outside of the source";
  }
  return undefined;
}

export function tooLarge(what: "files" | "bytes", limits: FetchLimits): BerthError {
  const limit = what === "files" ? `${limits.files} files` : `${Math.floor(limits.bytes / 1024 ** 2)} MiB`;
  return new BerthError("source_too_large", `The source is over the limit of ${limit}.`, {
    hint: "Keep large media and generated files out of the repository, or deploy a smaller folder.",
  });
}

function refused(path: string, problem: string): BerthError {
  const shown = JSON.stringify(path.slice(0, 200));
  return new BerthError("source_refused", `The source has an entry ${shown} with ${problem}.`, {
    hint: "Rename or remove the entry.",
  });
}
