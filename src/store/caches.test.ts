import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../model/ids.ts";
import { listCaches, putCache, removeCaches, type StoredCache, surplusCaches } from "./caches.ts";
import { openFileStore } from "./file.ts";
import type { ObjectStore } from "./object-store.ts";

let directory: string;
let store: ObjectStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth-caches-"));
  store = openFileStore(directory);
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

test("a project's caches are listed and removed, and no other's", async () => {
  const name = sha256("a");
  await putCache(store, { projectId: "1", lane: "preview", kind: "install", name }, new Blob(["one"]));
  await putCache(store, { projectId: "12", lane: "production", kind: "work", name }, new Blob(["twelve"]));
  expect(await listCaches(store, "1")).toMatchObject([
    { projectId: "1", lane: "preview", kind: "install", name, size: 3, savedAtMs: expect.any(Number) },
  ]);
  await removeCaches(store, "1");
  expect((await listCaches(store)).map(({ projectId }) => projectId)).toEqual(["12"]);
});

const cache = (projectId: string, name: string, savedAtMs: number, size = 10): StoredCache => ({
  key: `${projectId}-${name}-${savedAtMs}`,
  projectId,
  lane: "preview",
  kind: "install",
  name: sha256(name),
  savedAtMs,
  size,
});

test.each<[string, StoredCache[], string[]]>([
  ["what fits stays", [cache("1", "a", 1), cache("1", "b", 2), cache("2", "a", 3)], []],
  ["the newer of two with one name", [cache("1", "a", 1), cache("1", "a", 2)], ["1-a-1"]],
  ["a project's oldest", [cache("1", "a", 1), cache("1", "b", 3), cache("1", "c", 2)], ["1-a-1"]],
  ["one that is too large alone", [cache("1", "a", 1, 26), cache("1", "b", 2)], ["1-a-1"]],
  ["the oldest of all", [cache("1", "a", 4, 20), cache("2", "a", 3, 20), cache("3", "a", 2, 20)], ["3-a-2"]],
])("%s", (_, caches, removed) => {
  expect(surplusCaches(caches, { projectBytes: 25, totalBytes: 50 })).toEqual(removed);
});
