import { BerthError } from "../model/errors.ts";
import type { HostPointer, RemovedPointer } from "../model/host-pointer.ts";
import { type DeploymentId, isDeploymentId, isSha256, type Sha256, sha256 } from "../model/ids.ts";
import type { BlobRef, Manifest } from "../model/manifest.ts";
import { readHost } from "../store/hosts.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** @throws BerthError `corrupt_object` or what the store throws */
export async function loadPointer(
  store: ObjectStore,
  host: string,
  signal?: AbortSignal,
): Promise<HostPointer | RemovedPointer | undefined> {
  const state = await readHost(store, host, signal);
  if (state === undefined) return undefined;
  const isSound = Number.isSafeInteger(state.generation) && ("removed" in state || isDeploymentId(state.deployment));
  if (!isSound) throw corrupt(`hosts/${host}`);
  return state;
}

/** The manifest with the length of its text. @throws as `loadPointer` */
export async function loadManifest(
  store: ObjectStore,
  id: DeploymentId,
): Promise<{ manifest: Manifest; sizeBytes: number } | undefined> {
  const key = `deployments/${id}/manifest.json`;
  const object = await store.get(key);
  if (object === undefined) return undefined;
  const bytes = await object.bytes();
  const manifest = parse(key, bytes) as Manifest;
  if (manifest.version !== 1 || manifest.deployment !== id || typeof manifest.files !== "object") throw corrupt(key);
  return { manifest, sizeBytes: bytes.length };
}

/** A blob read whole, its hash checked. @throws as `loadPointer` */
export async function loadBlob(store: ObjectStore, ref: BlobRef): Promise<Uint8Array<ArrayBuffer>> {
  const key = blobKey(ref.hash);
  const bytes = await (await store.get(key))?.bytes();
  if (bytes === undefined || sha256(bytes) !== ref.hash) throw corrupt(key);
  return bytes;
}

/**
 * A blob as a stream, all of it or a range. The whole one is hashed on its way: the last chunk is held back until the
 * hash is right, otherwise the stream breaks and the client sees a cut response. A range can't be checked but for the
 * size of its object.
 */
export async function streamBlob(
  store: ObjectStore,
  ref: BlobRef,
  range?: { first: number; last: number },
): Promise<ReadableStream<Uint8Array>> {
  const key = blobKey(ref.hash);
  const object = await store.get(key, range ? { range } : undefined);
  if (object === undefined || object.size !== ref.size) throw corrupt(key);
  return range ? object.stream() : object.stream().pipeThrough(verifying(ref.hash));
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

function blobKey(hash: Sha256): string {
  if (!isSha256(hash)) throw corrupt("a manifest");
  return `blobs/${hash.slice(0, 2)}/${hash}`;
}

function parse(key: string, bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // said below
  }
  throw corrupt(key);
}

function corrupt(key: string): BerthError {
  return new BerthError("corrupt_object", `The stored object '${key}' is damaged or missing.`, {
    hint: "Restore the object from a backup, or deploy again.",
  });
}
