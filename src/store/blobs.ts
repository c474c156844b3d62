import { BerthError } from "../model/errors.ts";
import { type Sha256, sha256 } from "../model/ids.ts";
import { inParallel, Pacer } from "./concurrency.ts";
import type { ObjectStore } from "./object-store.ts";

/** Content to be stored under its hash. A large file comes as a Blob, so that it never has to fit in the memory. */
export interface BlobItem {
  hash: Sha256;
  /** Bytes. */
  size: number;
  /** Called only when the store lacks the blob. */
  bytes(): Promise<Uint8Array | Blob> | Blob;
}

/** What is new in the store because of one call. */
export interface PutBlobs {
  newBytes: number;
  newBlobs: number;
}

/** Larger Blobs are not read into memory. */
export const IN_MEMORY_MAX_BYTES = 4 * 1024 * 1024;
/** Of items that are put at the same time: what yields them may hold their bytes. */
const AT_ONCE_MAX_BYTES = 64 * 1024 * 1024;

export function blobKey(hash: Sha256): string {
  return `blobs/${hash.slice(0, 2)}/${hash}`;
}

/**
 * Puts those blobs that the store lacks, each once. Blobs in `known` are taken to be there without asking.
 * Items are drawn only as fast as they are put.
 * @throws BerthError `corrupt_object` when the bytes of an item are not those that its hash names; nothing is kept of it
 */
export async function putMissingBlobs(
  store: ObjectStore,
  items: Iterable<BlobItem> | AsyncIterable<BlobItem>,
  options: { known: ReadonlySet<Sha256>; concurrency: number },
): Promise<PutBlobs> {
  const seen = new Set<Sha256>();
  const put = { newBytes: 0, newBlobs: 0 };
  const pacer = new Pacer<BlobItem>(AT_ONCE_MAX_BYTES, ({ size }) => size);
  await inParallel(pacer.pace(items), options.concurrency, async (item) => {
    try {
      if (options.known.has(item.hash) || seen.has(item.hash)) return;
      seen.add(item.hash);
      if (!(await putMissing(store, item))) return;
      put.newBlobs += 1;
      put.newBytes += item.size;
    } finally {
      pacer.giveBack(item);
    }
  });
  return put;
}

/** @returns whether this call wrote the blob */
async function putMissing(store: ObjectStore, item: BlobItem): Promise<boolean> {
  const found = await store.head(blobKey(item.hash));
  if (found?.size === item.size) return false;
  const content = await item.bytes();
  const isLarge = content instanceof Blob && content.size > IN_MEMORY_MAX_BYTES;
  // One of another size is damaged: it is written over.
  const overwrite = found !== undefined;
  return isLarge
    ? await putLarge(store, { item, content, overwrite })
    : await putSmall(store, { item, content, overwrite });
}

/**
 * The whole content of a blob.
 * @throws BerthError `corrupt_object` when it is missing or not what its name says
 */
export async function getBlob(store: ObjectStore, hash: Sha256): Promise<Uint8Array<ArrayBuffer>> {
  const found = await store.get(blobKey(hash));
  if (found === undefined) throw corrupt(`The blob ${hash} is missing from the object store.`);
  const bytes = await found.bytes();
  if (sha256(bytes) !== hash) throw corrupt(`The blob ${hash} is damaged in the object store.`);
  return bytes;
}

/**
 * The content of a blob in chunks, for what is too large to be held in memory. Who takes them has all of it only when
 * the last one has come.
 * @throws BerthError `corrupt_object` when it is missing or, at the end, not what its name says
 */
export async function* streamBlob(store: ObjectStore, hash: Sha256): AsyncGenerator<Uint8Array> {
  const found = await store.get(blobKey(hash));
  if (found === undefined) throw corrupt(`The blob ${hash} is missing from the object store.`);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of found.stream()) {
    hasher.update(chunk);
    yield chunk;
  }
  if (hasher.digest("hex") !== hash) throw corrupt(`The blob ${hash} is damaged in the object store.`);
}

interface Put<Content> {
  item: BlobItem;
  content: Content;
  overwrite: boolean;
}

/** @returns whether this call wrote the blob */
async function putSmall(store: ObjectStore, { item, content, overwrite }: Put<Uint8Array | Blob>): Promise<boolean> {
  const bytes = content instanceof Blob ? await content.bytes() : content;
  if (bytes.byteLength !== item.size || sha256(bytes) !== item.hash) throw changed(item);
  return (await store.put(blobKey(item.hash), bytes, overwrite ? undefined : { ifAbsent: true })).written;
}

/**
 * A file that is not held in memory may change between being checked and being written, and a wrong blob would be
 * believed by every later deployment: what was stored is read back.
 */
async function putLarge(store: ObjectStore, { item, content, overwrite }: Put<Blob>): Promise<boolean> {
  const key = blobKey(item.hash);
  if (content.size !== item.size || (await hashStream(content.stream())) !== item.hash) throw changed(item);
  const { written } = await store.put(key, content, overwrite ? undefined : { ifAbsent: true });
  if (!written) return false;
  const stored = await store.get(key);
  if (stored !== undefined && (await hashStream(stored.stream())) === item.hash) return true;
  await store.delete([key]);
  throw changed(item);
}

async function hashStream(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of stream) hasher.update(chunk);
  return hasher.digest("hex");
}

function changed(item: BlobItem): BerthError {
  return corrupt(`The content of ${item.hash} changed while it was stored.`);
}

function corrupt(message: string): BerthError {
  return new BerthError("corrupt_object", message, {
    hint: "Deploy again; if it happens again, check the disk or bucket that BERTH_STORE names.",
  });
}
