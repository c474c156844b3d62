import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../model/ids.ts";
import type { BlobRef } from "../model/manifest.ts";
import type { StoredObject } from "../store/object-store.ts";
import { Counts } from "./counts.ts";
import { DiskCache } from "./disk-cache.ts";
import { FilePart, type LargeBody } from "./file-stream.ts";
import { SmallBlob } from "./small-blob.ts";
import { StoredBlobs } from "./stored-blobs.ts";
import { MemoryStore } from "./testing/memory-store.ts";

const LARGE = new Uint8Array(3 * 1024 * 1024).map((_, n) => (n * 7) % 251);
let folder: string;
let store: SlowStore;
let disk: DiskCache;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-stored-blobs-"));
  store = new SlowStore();
  disk = new DiskCache(folder, 64 * 1024 * 1024);
  await disk.counted;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Gives large objects in pieces, the last one when it is let. */
class SlowStore extends MemoryStore {
  letGo: Promise<void> = Promise.resolve();
  override async get(key: string, options?: { range?: { first: number; last: number } }) {
    const found = await super.get(key, options);
    return found && ({ ...found, stream: () => this.pieces(found) } satisfies StoredObject);
  }
  private pieces(found: StoredObject): ReadableStream<Uint8Array> {
    let given = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const bytes = await found.bytes();
        const middle = Math.floor(bytes.length / 2);
        if (given++ === 0) return controller.enqueue(bytes.subarray(0, middle));
        await this.letGo;
        controller.enqueue(bytes.subarray(middle));
        controller.close();
      },
    });
  }
}

function put(bytes: Uint8Array): BlobRef {
  const hash = sha256(bytes);
  store.set(`blobs/${hash.slice(0, 2)}/${hash}`, bytes);
  return { hash, size: bytes.length };
}
function damage(ref: BlobRef): void {
  store.objects.get(`blobs/${ref.hash.slice(0, 2)}/${ref.hash}`)![10]! ^= 1;
}
const blobsOf = (withDisk?: DiskCache) => new StoredBlobs(store, new Counts(), 8 * 1024 * 1024, withDisk);
const bytesOf = async (body: SmallBlob | LargeBody) => {
  if (body instanceof SmallBlob) return body.bytes;
  return new Uint8Array(await new Response(body instanceof FilePart ? body.stream : body).arrayBuffer());
};

test("many who read a large blob read along with one fetch, and later ones from the disk", async () => {
  const ref = put(LARGE);
  const gate = Promise.withResolvers<void>();
  store.letGo = gate.promise;
  const blobs = blobsOf(disk);
  const streams = await Promise.all(Array.from({ length: 20 }, () => blobs.read(ref)));
  const first = await (streams[0] as ReadableStream<Uint8Array>).getReader().read();
  expect(first.value?.length).toBeGreaterThan(0);
  gate.resolve();
  for (const stream of streams.slice(1)) expect(Buffer.compare(await bytesOf(stream), LARGE)).toBe(0);
  expect(store.reads.length).toBe(1);
  store.isDown = true;
  expect(Buffer.compare(await bytesOf(await blobsOf(disk).read(ref)), LARGE)).toBe(0);
  expect(await bytesOf(await blobs.readPart(ref, { first: 5, last: 9 }))).toEqual(LARGE.slice(5, 10));
});

test("one who reads slowly or goes away keeps the blob from nobody", async () => {
  const ref = put(LARGE);
  const blobs = blobsOf(disk);
  const [gone, other] = await Promise.all([blobs.read(ref), blobs.read(ref)]);
  await (gone as ReadableStream).cancel();
  expect(Buffer.compare(await bytesOf(other), LARGE)).toBe(0);
});

test.each([
  ["with a disk", true],
  ["without one", false],
])("a damaged large blob is served to its end to nobody, and no part of it: %s", async (_, hasDisk) => {
  const ref = put(LARGE);
  damage(ref);
  const blobs = blobsOf(hasDisk ? disk : undefined);
  const whole = async () => bytesOf(await blobs.read(ref));
  const part = async () => bytesOf(await blobs.readPart(ref, { first: 5, last: 20 }));
  await expect(whole()).rejects.toMatchObject({ code: "corrupt_object" });
  await expect(part()).rejects.toMatchObject({ code: "corrupt_object" });
  put(LARGE);
  expect(await part()).toEqual(LARGE.slice(5, 21));
  expect(Buffer.compare(await whole(), LARGE)).toBe(0);
});

test("ranges of a store without a disk read the whole once, and again when it has changed", async () => {
  const ref = put(LARGE);
  const blobs = blobsOf();
  const parts = await Promise.all([1, 2, 3].map((first) => blobs.readPart(ref, { first, last: first }).then(bytesOf)));
  expect(parts.map(([byte]) => byte)).toEqual([LARGE[1], LARGE[2], LARGE[3]]);
  const reads = store.reads.length;
  await bytesOf(await blobs.readPart(ref, { first: 7, last: 8 }));
  expect(store.reads.length).toBe(reads + 1);
  damage(ref);
  await expect(blobs.readPart(ref, { first: 7, last: 8 })).rejects.toMatchObject({ code: "corrupt_object" });
});

test("a small blob is read from memory, then the disk, then the store, and counted there", async () => {
  const ref = put(new Uint8Array(1_000));
  const counts = new Counts();
  const open = () => new StoredBlobs(store, counts, 1024 * 1024, disk);
  const blobs = open();
  await Promise.all([blobs.read(ref), blobs.read(ref)]);
  await blobs.read(ref);
  while (disk.bytes === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  store.isDown = true;
  expect((await bytesOf(await open().read(ref))).length).toBe(1_000);
  expect([store.reads.length, counts.tierStore, counts.tierDisk, counts.tierMemory]).toEqual([1, 1, 1, 1]);
});
