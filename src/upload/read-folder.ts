import { constants, type Dirent } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { TreeMode } from "../model/tree.ts";
import { type FetchedSource, type FetchLimits, type SourceFile, tooLarge } from "./source-tree.ts";

export interface ReadFolderOptions {
  /** Absolute. */
  path: string;
  limits: FetchLimits;
  signal: AbortSignal;
  onLog(text: string): void;
}

const SKIPPED_FOLDERS = new Set([".git", "node_modules"]);
/** `.env`, `.env.local`, …; the examples that people write for each other hold no secrets. */
const SECRETS = /^\.env(\.(?!example$|sample$|template$|defaults$).+)?$/;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Offers the files of a plain folder, following no link.
 * @throws BerthError `source_path_missing`; while the files are read `source_too_large`
 */
export async function readFolder(options: ReadFolderOptions): Promise<FetchedSource> {
  const info = await stat(options.path).catch(() => undefined);
  if (!info?.isDirectory()) {
    throw new BerthError("source_path_missing", `'${options.path}' is not a folder on the platform's machine.`, {
      hint: "Give an absolute path of a folder or of a git repository, or a git URL.",
    });
  }
  const root = await realpath(options.path);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.limits.wallMs)]);
  return {
    kind: "folder",
    branch: null,
    defaultBranch: null,
    commit: null,
    isDefaultBranch: true,
    isOwn: true,
    files: readFiles(root, { ...options, signal }),
    close: async () => [],
  };
}

async function* readFiles(root: string, options: ReadFolderOptions): AsyncGenerator<SourceFile> {
  let seen = 0;
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    options.signal.throwIfAborted();
    const children = await childrenOf(root, folder, options);
    for (const child of children) {
      const path = folder === "" ? child.name : `${folder}/${child.name}`;
      seen += 1;
      if (seen > options.limits.files) throw tooLarge("files", options.limits);
      if (SKIPPED_FOLDERS.has(child.name)) continue;
      if (child.isDirectory()) folders.push(path);
      else if (SECRETS.test(child.name)) options.onLog(`Warning: '${path}' is left out, because it may hold secrets.`);
      else if (child.isSymbolicLink()) yield linkEntry(path, await readlink(join(root, path), "buffer"));
      else if (child.isFile()) yield* readFile(root, path, options);
      else options.onLog(`Warning: '${path}' is left out, because it is no plain file.`);
    }
  }
}

/** A folder that vanishes meanwhile, or that the platform may not open, is left out as such a file is. */
async function childrenOf(root: string, folder: string, { onLog }: ReadFolderOptions): Promise<Dirent[]> {
  try {
    return await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    onLog(`Warning: '${folder || "."}' is left out, because it can't be read (${codeOf(error)}).`);
    return [];
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

function linkEntry(path: string, target: Uint8Array): SourceFile {
  return {
    path,
    mode: "120000",
    chunks: async function* () {
      yield target;
    },
  };
}

/** Opens the file so that one swapped meanwhile for a link or a pipe is seen, even when a folder above it was. */
async function* readFile(root: string, path: string, { onLog, signal }: ReadFolderOptions): AsyncGenerator<SourceFile> {
  const full = join(root, path);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let handle: FileHandle;
  try {
    handle = await open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    onLog(`Warning: '${path}' is left out, because it can't be read (${codeOf(error)}).`);
    return;
  }
  try {
    const info = await handle.stat();
    if (!info.isFile() || (await readlink(`/proc/self/fd/${handle.fd}`)) !== full) {
      onLog(`Warning: '${path}' is left out, because it changed while it was read.`);
      return;
    }
    const mode: TreeMode = (info.mode & 0o100) === 0 ? "100644" : "100755";
    yield { path, mode, chunks: () => readHandle(handle, { path, size: info.size, signal }) };
  } finally {
    await handle.close();
  }
}

async function* readHandle(
  handle: FileHandle,
  { path, size, signal }: { path: string; size: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const chunkBytes = Math.min(CHUNK_BYTES, size + 1);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle
      .read(new Uint8Array(chunkBytes), 0, chunkBytes, null)
      .catch((cause) => Promise.reject(unreadable(path, cause)));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Part of it may be stored by now, so that it can't be left out any more. */
function unreadable(path: string, cause: unknown): BerthError {
  return new BerthError("source_refused", `'${path}' can't be read to its end (${codeOf(cause)}).`, {
    hint: "Take it out of the folder, or deploy a folder of ordinary files.",
    cause,
  });
}
