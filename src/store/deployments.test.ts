import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLine } from "../model/deployment.ts";
import { newDeploymentId, sha256 } from "../model/ids.ts";
import type { Manifest } from "../model/manifest.ts";
import { ManifestFiles } from "../model/manifest-files.ts";
import type { TreeEntry } from "../model/tree.ts";
import { getLog, getManifest, getSource, putLog, putManifest, putSource } from "./deployments.ts";
import { openFileStore } from "./file.ts";
import type { ObjectStore } from "./object-store.ts";
import { getTree, putTree } from "./trees.ts";

let folder: string;
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-deployments-"));
  store = openFileStore(folder);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const entry = (path: string): TreeEntry => ({ path, mode: "100644", hash: sha256(path), size: path.length });

test("a tree has one name however its entries are ordered, and comes back sorted", async () => {
  const entries = ["b", "a/é", "a"].map(entry);
  const hash = await putTree(store, entries);
  expect(await putTree(store, entries.toReversed())).toBe(hash);
  expect((await getTree(store, hash))?.entries.map(({ path }) => path)).toEqual(["a", "a/é", "b"]);
  expect(await getTree(store, sha256("none"))).toBeUndefined();
});

test("a damaged tree is corrupt_object", async () => {
  const hash = await putTree(store, [entry("a")]);
  const bytes = await (await store.get(`trees/${hash}`))!.bytes();
  bytes[bytes.length - 10]! ^= 1;
  await store.put(`trees/${hash}`, bytes);
  await expect(getTree(store, hash)).rejects.toMatchObject({ code: "corrupt_object" });
});

test("a manifest is written once: the first one stays", async () => {
  const manifest: Manifest = {
    deployment: newDeploymentId(),
    project: "site",
    createdAt: "2026-01-01T00:00:00.000Z",
    htmlHandling: "auto-trailing-slash",
    notFoundHandling: "none",
    compression: "quick",
    files: ManifestFiles.of([["index.html", { hash: sha256("x"), size: 1 }]]),
  };
  expect(await getManifest(store, manifest.deployment)).toBeUndefined();
  expect(await putManifest(store, manifest)).toBe("written");
  expect(await putManifest(store, { ...manifest, files: ManifestFiles.of([]) })).toBe("earlier-kept");
  expect(await getManifest(store, manifest.deployment)).toEqual(manifest);
});

test("source and log come back as they were put", async () => {
  const id = newDeploymentId();
  const source = { kind: "folder", path: "/x" } as const;
  const stored = { version: 1, tree: sha256("t"), source, files: 1, bytes: 2 } as const;
  await putSource(store, id, stored);
  expect(await getSource(store, id)).toEqual(stored);
  const line: LogLine = {
    seq: 1,
    at: "2026-01-01T00:00:00Z",
    step: "build",
    stream: "stdout",
    text: 'a\u2028"b"\u001b[1m',
  };
  expect(await getLog(store, id)).toBeUndefined();
  await putLog(store, id, []);
  expect(await getLog(store, id)).toEqual([]);
  await putLog(store, id, [[line], [{ ...line, seq: 2 }]]);
  expect(await getLog(store, id)).toEqual([line, { ...line, seq: 2 }]);
});
