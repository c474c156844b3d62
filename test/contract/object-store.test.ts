import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { openFileStore } from "../../src/store/file.ts";
import { openS3Store } from "../../src/store/s3.ts";
import { runToEnd } from "../support/process.ts";
import { type S3Server, startRadosgw } from "../support/radosgw.ts";
import { objectStoreContract } from "./object-store-contract.ts";

let folder: string;
let server: S3Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-store-"));
  server = await startRadosgw();
  const client = new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: server.credentials,
  });
  for (const Bucket of ["plain", "shared"]) await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

const s3 = (bucket: string, credentials = server.credentials) =>
  openS3Store(`s3://${bucket}?endpoint=${server.endpoint}&region=us-east-1`, credentials);

objectStoreContract("a folder", async () => openFileStore(join(folder, "objects")));
objectStoreContract("a bucket of Ceph's gateway", async () => s3("plain"));
objectStoreContract("a prefix in a bucket of Ceph's gateway", async () => s3("shared/some/where"));

describe("the folder alone", () => {
  test("leaves no temporary file, and removes those of a crash when they are old", async () => {
    const root = join(folder, "swept");
    const temporary = join(root, ".tmp");
    await mkdir(temporary, { recursive: true });
    for (const name of ["old", "young"]) await writeFile(join(temporary, name), "half of it");
    await utimes(join(temporary, "old"), new Date(0), new Date(0));
    const store = openFileStore(root);
    await store.put("a/b", new Uint8Array(10), { ifAbsent: true });
    await store.put("a/b", new Uint8Array(10), { ifAbsent: true });
    await store.put("a/b", new Blob(["x"]));
    await store.put("a/b", new Blob(["y"]), { ifMatch: "another" });
    await store.close();
    expect(await readdir(temporary)).toEqual(["young"]);
  });

  test("keeps on when its folders are removed under it", async () => {
    const root = join(folder, "removed");
    const store = openFileStore(root);
    await store.put("a/b", new Uint8Array(10));
    await rm(root, { recursive: true });
    await store.put("a/b", new Uint8Array(10));
    expect((await store.head("a/b"))?.size).toBe(10);
  });

  test("another folder in its place, as when a disk is not mounted, is not taken for it", async () => {
    const root = join(folder, "mounted");
    const store = openFileStore(root);
    await store.put("a/b", new Uint8Array(10));
    await rename(root, `${root}.away`);
    await mkdir(root);
    const gone = { code: "store_unavailable", message: expect.stringContaining("not the folder that it was") };
    await expect(store.get("a/b")).rejects.toMatchObject(gone);
    await expect(store.head("never")).rejects.toMatchObject(gone);
    await expect(store.list("a/")).rejects.toMatchObject(gone);
    await expect(store.put("c", new Uint8Array(1))).rejects.toMatchObject(gone);
    await expect(store.delete(["a/b"])).rejects.toMatchObject(gone);
    await expect(store.check()).rejects.toMatchObject(gone);
    expect(await readdir(root)).toEqual([]);
    await rm(root, { recursive: true });
    await rename(`${root}.away`, root);
    expect((await store.head("a/b"))?.size).toBe(10);
    expect(await store.head("never")).toBeUndefined();
    await store.put("c", new Uint8Array(1));
  });

  test("a folder without a mark, as earlier versions left it, is marked once and by the first of many", async () => {
    const root = join(folder, "unmarked");
    await mkdir(join(root, "a"), { recursive: true });
    const stores = Array.from({ length: 8 }, () => openFileStore(root));
    await Promise.all(stores.map((store, index) => store.put(`b/${index}`, new Uint8Array(1))));
    expect(await Promise.all(stores.map((store) => store.head("never")))).toEqual(stores.map(() => undefined));
  });

  test("processes that share it count up without losing a count", async () => {
    const root = join(folder, "processes");
    const store = openFileStore(root);
    await store.put("count", new Blob(["0"]));
    const counter = join(import.meta.dir, "../support/count-in-store.ts");
    const count = () => runToEnd([process.execPath, counter, root, "20"]);
    await Promise.all([count(), count(), count()]);
    expect(new TextDecoder().decode(await (await store.get("count"))!.bytes())).toBe("60");
  }, 30_000);

  test("says that the folder can't be used", async () => {
    await writeFile(join(folder, "file"), "");
    const store = openFileStore(join(folder, "file"));
    await expect(store.check()).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(store.check()).rejects.toThrow(join(folder, "file"));
  });

  test.skipIf(process.getuid?.() !== 0)("a full disk is store_full and harms no object [needs root]", async () => {
    const root = join(folder, "tiny");
    await mkdir(root);
    await runToEnd(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root]);
    try {
      const store = openFileStore(root);
      await store.put("kept", new Uint8Array(600_000).fill(1));
      await expect(store.put("kept", new Uint8Array(600_000).fill(2))).rejects.toMatchObject({ code: "store_full" });
      expect((await (await store.get("kept"))!.bytes()).every((byte) => byte === 1)).toBe(true);
      await store.put("small", new Uint8Array(10));
      expect(await readdir(join(root, ".tmp"))).toEqual([]);
    } finally {
      await runToEnd(["umount", root]);
    }
  });
});

describe("a bucket alone", () => {
  test("stores that share a bucket by prefix don't see each other's objects", async () => {
    const [one, two] = [s3("shared/one"), s3("shared/two")];
    await one.put("a", new Blob(["one"]));
    expect(await two.head("a")).toBeUndefined();
    expect((await two.list("")).objects).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  test("a missing bucket, a wrong secret and a silent server are told apart, with the setting's name", async () => {
    await expect(s3("no-such-bucket").check()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("no such bucket: the bucket 'no-such-bucket'"),
      hint: expect.stringContaining("BERTH_STORE"),
    });
    await expect(s3("no-such-bucket").get("a")).rejects.toMatchObject({ code: "store_unavailable" });
    const wrong = { ...server.credentials, secretAccessKey: "wrong" };
    await expect(s3("plain", wrong).check()).rejects.toMatchObject({
      code: "store_unavailable",
      hint: expect.stringContaining("AWS_SECRET_ACCESS_KEY"),
    });
    const silent = openS3Store("s3://plain?endpoint=http://127.0.0.1:1", server.credentials);
    await expect(silent.check()).rejects.toMatchObject({
      code: "store_unavailable",
      hint: expect.stringContaining("endpoint"),
    });
  }, 150_000);
});
