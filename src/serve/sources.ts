import { BerthError } from "../model/errors.ts";
import type { HostPointer, RemovedPointer } from "../model/host-pointer.ts";
import { type DeploymentId, isDeploymentId, isSha256, type Sha256, sha256 } from "../model/ids.ts";
import type { BlobRef, Manifest } from "../model/manifest.ts";
import { manifestIn, manifestKey } from "../store/deployments.ts";
import { hostKey, readHost } from "../store/hosts.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { withDeadline } from "./deadline.ts";
import type { DiskCache } from "./disk-cache.ts";

/** Until the first byte of an object, or the whole of a small one: a store that takes longer counts as down. */
const ANSWER_MS = 10_000;

export type HostState = HostPointer | RemovedPointer;

/** @throws BerthError `corrupt_object` or what the store throws */
export async function loadPointer(
  store: ObjectStore,
  host: string,
  signal?: AbortSignal,
): Promise<HostState | undefined> {
  const state = await readHost(store, host, signal);
  if (state !== undefined && !isSound(state)) throw corrupt(`hosts/${host}`);
  return state;
}

/** As `ObjectStore.version`. @throws what the store throws */
export async function pointerVersion(store: ObjectStore, host: string): Promise<string | undefined> {
  return await store.version?.(hostKey(host));
}

export function keepPointer(disk: DiskCache, host: string, state: HostState): void {
  disk.keepText("host", host, new TextEncoder().encode(JSON.stringify(state)));
}

/** What was last known of a host, by this process or one before it. */
export async function rememberedPointer(disk: DiskCache, host: string): Promise<HostState | undefined> {
  const bytes = await disk.text("host", host);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as HostState);
}

function isSound(state: HostState): boolean {
  return Number.isSafeInteger(state.generation) && ("removed" in state || isDeploymentId(state.deployment));
}

/**
 * A deployment's manifest. One on the disk with the final compressed copies is as good as the store's; while they are
 * still to come it helps when the store is down. The ETag is the store's, and empty for what was on the disk.
 * @throws as `loadPointer`
 */
export async function loadManifest(
  store: ObjectStore,
  id: DeploymentId,
  disk?: DiskCache,
): Promise<{ manifest: Manifest; etag: string } | undefined> {
  const bytes = await disk?.text("manifest", id);
  const kept = bytes && { manifest: manifestIn(bytes, id), etag: "" };
  if (kept?.manifest.compression === "strong") return kept;
  try {
    return await withDeadline(ANSWER_MS, async (signal) => {
      const found = await store.get(manifestKey(id), { signal });
      if (found === undefined) return undefined;
      const bytes = await found.bytes();
      const manifest = manifestIn(bytes, id);
      disk?.keepText("manifest", id, bytes);
      return { manifest, etag: found.etag };
    });
  } catch (error) {
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** A blob read whole, its hash checked. @throws as `loadPointer` */
export async function loadBlob(store: ObjectStore, ref: BlobRef): Promise<Uint8Array<ArrayBuffer>> {
  const key = blobKey(ref.hash);
  const bytes = await read(store, key);
  if (bytes === undefined || sha256(bytes) !== ref.hash) throw corrupt(key);
  return bytes;
}

/** A blob's bytes as the store has them, or a range of them, unchecked but for the size. @throws as `loadPointer` */
export async function openBlob(
  store: ObjectStore,
  ref: BlobRef,
  range?: { first: number; last: number },
): Promise<{ stream: ReadableStream<Uint8Array>; etag: string }> {
  const key = blobKey(ref.hash);
  const object = await withDeadline(ANSWER_MS, (signal) => store.get(key, { ...(range && { range }), signal }));
  if (object === undefined || object.size !== ref.size) throw corrupt(key);
  return { stream: object.stream(), etag: object.etag };
}

/**
 * A whole blob as a stream that is hashed on its way: the last chunk is held back until the hash is right, otherwise
 * the stream breaks and the client sees a cut response. @throws as `loadPointer`
 */
export async function streamBlob(store: ObjectStore, ref: BlobRef): Promise<ReadableStream<Uint8Array>> {
  return (await openBlob(store, ref)).stream.pipeThrough(verifying(ref.hash));
}

/** Reads a whole blob to see that it is sound. @returns the ETag of what was read @throws as `loadPointer` */
export async function checkBlob(store: ObjectStore, ref: BlobRef): Promise<string> {
  const { stream, etag } = await openBlob(store, ref);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of stream) hasher.update(chunk);
  if (hasher.digest("hex") !== ref.hash) throw corrupt(blobKey(ref.hash));
  return etag;
}

function verifying(hash: Sha256): TransformStream<Uint8Array, Uint8Array> {
  const hasher = new Bun.CryptoHasher("sha256");
  let held: Uint8Array | undefined;
  return new TransformStream({
    transform(chunk, controller) {
      hasher.update(chunk);
      if (held !== undefined) controller.enqueue(held);
      held = chunk;
    },
    flush(controller) {
      if (hasher.digest("hex") !== hash) controller.error(corrupt(blobKey(hash)));
      else if (held !== undefined) controller.enqueue(held);
    },
  });
}

function read(store: ObjectStore, key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return withDeadline(ANSWER_MS, async (signal) => (await store.get(key, { signal }))?.bytes());
}

/** The key of a blob. @throws BerthError `corrupt_object` when the manifest holds no hash there */
export function blobKey(hash: Sha256): string {
  if (!isSha256(hash)) throw corrupt("a manifest");
  return `blobs/${hash.slice(0, 2)}/${hash}`;
}

export function corrupt(key: string): BerthError {
  return new BerthError("corrupt_object", `The stored object '${key}' is damaged or missing.`, {
    hint: "Restore the object from a backup, or deploy again.",
  });
}
