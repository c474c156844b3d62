import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ObjectInfo, StoredObject } from "./object-store.ts";

export interface ByteRange {
  first: number;
  last: number;
}

/** Objects up to this size are read at once, and their ETag is made of their bytes. */
const SMALL_MAX_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Closes the files of large objects whose bytes nobody asked for. */
const unread = new FinalizationRegistry<FileHandle>((handle) => void handle.close());

/**
 * Opens the object once: whatever is renamed over its path later, the reader sees these bytes to their end.
 * @returns undefined when there is no such file
 */
export async function readObject(path: string, key: string, range?: ByteRange): Promise<StoredObject | undefined> {
  const content = await readSmall(path);
  if (content === undefined) return undefined;
  if (content !== "large") {
    const { first, length } = clip(range, content.byteLength);
    const part = content.subarray(first, first + length);
    const etag = etagOfContent(content);
    return { key, size: content.byteLength, etag, bytes: async () => part, stream: () => new Blob([part]).stream() };
  }
  const opened = await openLarge(path);
  if (opened === undefined) return await readObject(path, key, range);
  const { handle, size, etag } = opened;
  const { first, length } = clip(range, size);
  const take = () => {
    unread.unregister(object);
    return handle;
  };
  const object: StoredObject = {
    key,
    size,
    etag,
    bytes: () => readWhole(take(), first, length),
    stream: () => readStream(take(), first, length),
  };
  unread.register(object, handle, object);
  return object;
}

export async function describeObject(path: string, key: string): Promise<ObjectInfo | undefined> {
  const content = await readSmall(path);
  if (content === undefined) return undefined;
  if (content !== "large") return { key, size: content.byteLength, etag: etagOfContent(content) };
  const opened = await openLarge(path);
  if (opened === undefined) return await describeObject(path, key);
  await opened.handle.close();
  return { key, size: opened.size, etag: opened.etag };
}

/** Two changes within one tick of a file system's clock, two seconds on some, give it one and the same time. */
const SETTLED_MS = 2_500;

/**
 * As `ObjectStore.version`: names come and go in a folder by renames and removals, which its own times tell, also of a
 * name that is not there.
 */
export async function versionOf(path: string, root: string, nowMs = Date.now()): Promise<string | undefined> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  });
  if (info === undefined) return path === root ? undefined : await versionOf(dirname(path), root, nowMs);
  // It changes with whatever is changed, and nobody can set it.
  const { ino, ctimeMs } = info;
  return nowMs - ctimeMs > SETTLED_MS ? `${path.length}-${ino}-${ctimeMs}` : undefined;
}

/**
 * The ETag of a small object is a hash of its bytes: two files written within one tick of the file system's clock may
 * share size, time and even inode number. Large objects are told apart by these three, as on other file servers.
 */
export async function etagOf(handle: FileHandle, content?: Uint8Array): Promise<string> {
  if (content !== undefined && isSmall(content.byteLength)) return etagOfContent(content);
  const { size, mtimeNs, ino } = await handle.stat({ bigint: true });
  return `${ino.toString(16)}-${mtimeNs.toString(16)}-${size.toString(16)}`;
}

export const isSmall = (sizeBytes: number): boolean => sizeBytes <= SMALL_MAX_BYTES;

const etagOfContent = (content: Uint8Array): string =>
  new Bun.CryptoHasher("sha256").update(content).digest("hex").slice(0, 32);

/**
 * All of a small file, in one turn of the runtime's I/O threads, where to open, measure, read and close it would be four.
 * @returns undefined when there is no such file
 */
async function readSmall(path: string): Promise<Uint8Array<ArrayBuffer> | "large" | undefined> {
  try {
    const bytes = await Bun.file(path)
      .slice(0, SMALL_MAX_BYTES + 1)
      .bytes();
    return isSmall(bytes.byteLength) ? bytes : "large";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

/** @returns undefined when the file is no longer large, or no longer there */
async function openLarge(path: string): Promise<{ handle: FileHandle; size: number; etag: string } | undefined> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    // A device or a pipe has no size, and would be taken for small and large in turn.
    if (!stat.isFile()) throw new Error("it is not a regular file");
    const { size } = stat;
    if (!isSmall(size)) return { handle, size, etag: await etagOf(handle) };
    await handle.close();
    return undefined;
  } catch (error) {
    return closeAndThrow(handle, error);
  }
}

function clip(range: ByteRange | undefined, size: number): { first: number; length: number } {
  if (range === undefined) return { first: 0, length: size };
  return { first: range.first, length: Math.max(0, Math.min(range.last, size - 1) - range.first + 1) };
}

async function readWhole(handle: FileHandle, first: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readPart(handle, first, length);
  } finally {
    await handle.close();
  }
}

async function readPart(handle: FileHandle, first: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, first + filled);
    if (bytesRead === 0) throw new Error("the file is shorter than it was");
    filled += bytesRead;
  }
  return bytes;
}

function readStream(handle: FileHandle, first: number, length: number): ReadableStream<Uint8Array> {
  let position = first;
  const end = first + length;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (position < end) {
            const chunk = await readPart(handle, position, Math.min(CHUNK_BYTES, end - position));
            position += chunk.byteLength;
            controller.enqueue(chunk);
          }
          if (position >= end) {
            await handle.close();
            controller.close();
          }
        } catch (error) {
          await closeAndThrow(handle, error);
        }
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  );
}

async function closeAndThrow(handle: FileHandle, error: unknown): Promise<never> {
  await handle.close();
  throw error;
}
