import { beforeEach, expect, test } from "bun:test";
import { ManifestFiles } from "../model/manifest-files.ts";
import { SiteCache } from "./site-cache.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { ID, publishSite } from "./testing/publish-site.ts";

const PAGE = { identity: "<h1>Hello</h1>", br: new Uint8Array(9) };
const MINUTE_MS = 60_000;
let store: MemoryStore;
let nowMs: number;
let cache: SiteCache;

beforeEach(() => {
  store = new MemoryStore();
  nowMs = 0;
  cache = new SiteCache({ store, disk: undefined, memoryBytes: 1_000_000, now: () => nowMs });
});

const brotliBytes = () => {
  const files = cache.peek(ID)?.files;
  return files?.at(files.get("/index.html")!).entry.encoded?.br?.size;
};

async function later(minutes: number): Promise<number | undefined> {
  nowMs += minutes * MINUTE_MS;
  const before = brotliBytes();
  await Bun.sleep(1);
  return before;
}

test("a site that was compressed quickly is answered from memory and replaced when its manifest has been", async () => {
  publishSite(store, { "index.html": PAGE }, { compression: "quick" });
  await cache.load(ID);
  publishSite(store, { "index.html": { ...PAGE, br: new Uint8Array(5) } }, { compression: "strong" });
  expect(await later(1)).toBe(9);
  expect(brotliBytes()).toBe(9);
  expect(await later(2)).toBe(9);
  expect(brotliBytes()).toBe(5);
  const bytes = cache.stats.manifestBytes;
  store.reads.length = 0;
  expect(await later(100)).toBe(5);
  expect(store.reads).toEqual([]);
  expect(cache.stats.manifestBytes).toBe(bytes);
});

test("it stays while its store is down, its manifest is damaged or gone", async () => {
  publishSite(store, { "index.html": PAGE }, { compression: "quick" });
  await cache.load(ID);
  store.isDown = true;
  await later(5);
  store.isDown = false;
  store.set(`deployments/${ID}/manifest.json`, "{}");
  await later(60);
  store.objects.clear();
  await later(60);
  expect(brotliBytes()).toBe(9);
});

test("a site that has no copies to wait for is read once", async () => {
  publishSite(store, {}, { compression: "strong", files: ManifestFiles.of([]) });
  await cache.load(ID);
  await later(100);
  expect(store.reads).toHaveLength(1);
});
