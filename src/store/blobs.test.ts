import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../model/ids.ts";
import { blobKey, getBlob, putMissingBlobs } from "./blobs.ts";
import { openFileStore } from "./file.ts";
import type { ObjectStore } from "./object-store.ts";

let folder: string;
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-blobs-"));
  store = openFileStore(folder);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const item = (content: string) => ({
  hash: sha256(content),
  size: content.length,
  bytes: async () => Buffer.from(content),
});
const options = { known: new Set<never>(), concurrency: 3 };

test("a blob of another size than its content is written over", async () => {
  const { hash } = item("whole content");
  await store.put(blobKey(hash), new Blob(["whole"]));
  expect(await putMissingBlobs(store, [item("whole content")], options)).toMatchObject({ newBlobs: 1 });
  expect(Buffer.from(await getBlob(store, hash)).toString()).toBe("whole content");
});

test("bytes that their hash does not name are refused and not kept", async () => {
  const bad = { ...item("said"), bytes: async () => Buffer.from("sent") };
  await expect(putMissingBlobs(store, [bad], options)).rejects.toMatchObject({ code: "corrupt_object" });
  expect(await store.head(blobKey(bad.hash))).toBeUndefined();
});

test("draws items only as fast as it puts them, and stops drawing after a failure", async () => {
  let drawn = 0;
  let done = 0;
  let most = 0;
  async function* items() {
    for (; drawn < 50; drawn += 1) {
      most = Math.max(most, drawn - done);
      const content = `item ${drawn}`;
      const bytes = async () => {
        await Bun.sleep(0);
        done += 1;
        return Buffer.from(drawn > 20 ? "something else" : content);
      };
      yield { hash: sha256(content), size: content.length, bytes };
    }
  }
  await expect(putMissingBlobs(store, items(), options)).rejects.toMatchObject({ code: "corrupt_object" });
  expect(most).toBeLessThanOrEqual(6);
  expect(drawn).toBeLessThan(35);
});
