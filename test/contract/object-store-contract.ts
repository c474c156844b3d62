import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../src/model/ids.ts";
import { blobKey, getBlob, putMissingBlobs } from "../../src/store/blobs.ts";
import { inParallel } from "../../src/store/concurrency.ts";
import { assertKey } from "../../src/store/keys.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

const text = (content: string) => new TextEncoder().encode(content);
const MIB = 1024 * 1024;
const numbered = (count: number) => Array.from({ length: count }, (_, i) => i);

async function read(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  return found && new TextDecoder().decode(await found.bytes());
}

async function listAll(store: ObjectStore, prefix: string, limit?: number): Promise<string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list(prefix, { after, limit });
    keys.push(...page.objects.map(({ key }) => key));
    after = page.next;
  } while (after !== undefined);
  return keys;
}

/** What every object store promises. `open` gives an empty store; each test stays under a prefix of its own. */
export function objectStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(name, () => {
    let store: ObjectStore;
    let folder: string;
    beforeAll(async () => {
      store = await open();
      folder = await mkdtemp(join(tmpdir(), "berth-contract-"));
    }, 120_000);
    afterAll(async () => {
      await store?.close();
      await rm(folder, { recursive: true, force: true });
    });
    const opened = { store: () => store, folder: () => folder };
    reading(opened);
    conditions(opened);
    listing(opened);
    blobs(opened);
  });
}

interface Opened {
  store(): ObjectStore;
  folder(): string;
}

function reading(opened: Opened): void {
  test("an object that lies as a file of this machine can be read there", async () => {
    const store = opened.store();
    await store.put("local/a", text("hello"));
    const path = store.localPath?.("local/a");
    if (path !== undefined) expect(await Bun.file(path).text()).toBe("hello");
    expect(() => store.localPath?.("../a") ?? assertKey("../a")).toThrow(RangeError);
  });

  test("gives back what was put, with size and ETag", async () => {
    const store = opened.store();
    const put = await store.put("read/a.txt", text("hello"));
    const found = await store.get("read/a.txt");
    expect(found).toMatchObject({ key: "read/a.txt", size: 5 });
    expect(put).toEqual({ written: true, etag: found!.etag });
    expect(await new Response(found!.stream()).text()).toBe("hello");
    expect(await store.head("read/a.txt")).toEqual({ key: "read/a.txt", size: 5, etag: found!.etag });
    expect(await store.get("read/none")).toBeUndefined();
    expect(await store.head("read/none")).toBeUndefined();
    expect(await store.get("read/a.txt/below")).toBeUndefined();
  });

  test("the ETag changes with the bytes, of equal size too", async () => {
    const store = opened.store();
    const etags = new Set<string>();
    for (const content of ["one", "two", "six", "ten"]) {
      const put = await store.put("read/etag", text(content));
      if (put.written) etags.add(put.etag);
    }
    expect(etags.size).toBe(4);
  });

  test("gives ranges with both ends, clipped at the end, of small and large objects", async () => {
    const store = opened.store();
    const large = crypto.getRandomValues(new Uint8Array(65_536));
    const content = new Uint8Array(300_000).map((_, i) => large[i % 65_536]! ^ (i >> 16));
    await store.put("range/small", text("0123456789"));
    await store.put("range/large", content);
    const part = async (key: string, first: number, last: number) => {
      const found = await store.get(key, { range: { first, last } });
      return { size: found!.size, bytes: await found!.bytes() };
    };
    expect(await part("range/small", 2, 4)).toEqual({ size: 10, bytes: new Uint8Array(text("234")) });
    expect(await part("range/small", 8, 99)).toEqual({ size: 10, bytes: new Uint8Array(text("89")) });
    expect(await part("range/small", 10, 20)).toEqual({ size: 10, bytes: new Uint8Array(0) });
    expect(await part("range/large", 65_000, 270_000)).toEqual({
      size: 300_000,
      bytes: content.slice(65_000, 270_001),
    });
    const streamed = await store.get("range/large", { range: { first: 1, last: 299_998 } });
    expect(await new Response(streamed!.stream()).bytes()).toEqual(content.slice(1, 299_999));
  });

  test("keeps an empty object and takes Blobs, in memory and of a file", async () => {
    const store = opened.store();
    await store.put("body/empty", new Uint8Array(0));
    expect(await read(store, "body/empty")).toBe("");
    await store.put("body/blob", new Blob(["in ", "memory"]));
    expect(await read(store, "body/blob")).toBe("in memory");
    const content = new Uint8Array(6 * MIB).map((_, i) => (i * 7) ^ (i >> 11));
    await writeFile(join(opened.folder(), "large"), content);
    const put = await store.put("body/file", Bun.file(join(opened.folder(), "large")));
    const found = await store.get("body/file");
    expect(put).toEqual({ written: true, etag: found!.etag });
    expect(sha256(await found!.bytes())).toBe(sha256(content));
  });

  test("refuses keys that reach out of the store", async () => {
    const store = opened.store();
    for (const key of ["", "/a", "a/", "a//b", "../a", "a/../b", ".tmp/a", "a\0b", "ä", "a b"]) {
      expect(async () => await store.put(key, text("x"))).toThrow(RangeError);
      expect(async () => await store.get(key)).toThrow(RangeError);
    }
  });

  test("a reader beside writers sees one of the objects, whole", async () => {
    const store = opened.store();
    const versions = ["a", "b", "c", "d"].map((letter) => text(letter.repeat(200_000)));
    await store.put("race/whole", versions[0]!);
    let writing = true;
    const write = inParallel(numbered(16), 2, (i) => store.put("race/whole", versions[i % 4]!)).finally(() => {
      writing = false;
    });
    let reads = 0;
    while (writing || reads === 0) {
      const bytes = await (await store.get("race/whole"))!.bytes();
      expect(bytes.byteLength).toBe(200_000);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
      reads += 1;
    }
    await write;
  });
}

function conditions(opened: Opened): void {
  test("of ten who find the key free one writes", async () => {
    const store = opened.store();
    const puts = numbered(10).map((i) => store.put("race/absent", text(`writer ${i}`), { ifAbsent: true }));
    const winners = (await Promise.all(puts)).flatMap((put, i) => (put.written ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(await read(store, "race/absent")).toBe(`writer ${winners[0]}`);
  });

  test("of ten who saw the same ETag one writes", async () => {
    const store = opened.store();
    const first = await store.put("race/match", text("first"));
    const ifMatch = first.written ? first.etag : "";
    const puts = numbered(10).map((i) => store.put("race/match", text(`writer ${i}`), { ifMatch }));
    const winners = (await Promise.all(puts)).flatMap((put, i) => (put.written ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(await read(store, "race/match")).toBe(`writer ${winners[0]}`);
  });

  test("ifMatch does not write where there is nothing", async () => {
    const store = opened.store();
    const { etag } = (await store.put("match/gone", text("x"))) as { etag: string };
    await store.delete(["match/gone"]);
    expect(await store.put("match/gone", text("y"), { ifMatch: etag })).toEqual({ written: false });
    expect(await store.head("match/gone")).toBeUndefined();
  });

  test("counting up by compare-and-set loses no count", async () => {
    const store = opened.store();
    await store.put("race/count", text("0"));
    await inParallel(numbered(12), 6, async () => {
      for (;;) {
        const now = (await store.get("race/count"))!;
        const next = Number(new TextDecoder().decode(await now.bytes())) + 1;
        if ((await store.put("race/count", text(String(next)), { ifMatch: now.etag })).written) return;
      }
    });
    expect(await read(store, "race/count")).toBe("12");
  });
}

function listing(opened: Opened): void {
  test("lists by prefix in the order of the bytes, in pages", async () => {
    const store = opened.store();
    const keys = ["list/a", "list/a-b", "list/a.b", "list/b/c", "list/b/d/e", "list/b0", "list/bb", "listed"];
    for (const key of keys) await store.put(key, text(key));
    const inside = keys.slice(0, -1).sort();
    expect(await listAll(store, "list/")).toEqual(inside);
    for (const limit of [1, 2, 3]) expect(await listAll(store, "list/", limit)).toEqual(inside);
    expect(await listAll(store, "list/b")).toEqual(inside.filter((key) => key.startsWith("list/b")));
    expect(await listAll(store, "list")).toEqual([...inside, "listed"].sort());
    expect((await store.list("list/", { after: "list/b/c" })).objects[0]!.key).toBe("list/b/d/e");
    expect(await store.list("nothing/")).toEqual({ objects: [] });
    const { objects } = await store.list("list/a", { limit: 1 });
    expect(objects[0]).toEqual((await store.head("list/a"))!);
  });

  test("pages past 1,000 keys and deletes more than 1,000 at once", async () => {
    const store = opened.store();
    const keys = numbered(1_050).map((i) => `many/${String(i).padStart(5, "0")}`);
    await inParallel(keys, 32, (key) => store.put(key, text(key), { ifAbsent: true }));
    const first = await store.list("many/");
    expect(first.objects).toHaveLength(1_000);
    expect(first.next).toBe(keys[999]!);
    expect(await listAll(store, "many/")).toEqual(keys);
    await store.delete([...keys, "many/absent"]);
    expect(await listAll(store, "many/")).toEqual([]);
    await store.delete([]);
  }, 150_000);

  test("check leaves nothing behind", async () => {
    const store = opened.store();
    const before = await listAll(store, "");
    await store.check();
    expect(await listAll(store, "")).toEqual(before);
  });
}

function blobs(opened: Opened): void {
  const item = (content: string) => {
    const bytes = text(content);
    return { hash: sha256(bytes), size: bytes.byteLength, bytes: async () => bytes };
  };

  test("puts the blobs that are missing, each once", async () => {
    const store = opened.store();
    const items = ["one", "two", "one", "three"].map(item);
    const options = { known: new Set([item("three").hash]), concurrency: 4 };
    expect(await putMissingBlobs(store, items, options)).toEqual({ newBytes: 6, newBlobs: 2 });
    expect(await putMissingBlobs(store, items, options)).toEqual({ newBytes: 0, newBlobs: 0 });
    expect(await getBlob(store, item("two").hash)).toEqual(new Uint8Array(text("two")));
    expect(await store.head(blobKey(item("three").hash))).toBeUndefined();
  });

  test("tells a damaged blob from a whole one, and a missing one", async () => {
    const store = opened.store();
    const { hash } = item("will be damaged");
    await expect(getBlob(store, hash)).rejects.toMatchObject({ code: "corrupt_object" });
    await store.put(blobKey(hash), text("Will be damaged"));
    await expect(getBlob(store, hash)).rejects.toMatchObject({ code: "corrupt_object" });
  });

  test("stores a large file without keeping content that its hash does not name", async () => {
    const store = opened.store();
    const path = join(opened.folder(), "blob");
    const content = new Uint8Array(5 * MIB).map((_, i) => i ^ (i >> 9));
    await writeFile(path, content);
    const large = { hash: sha256(content), size: content.byteLength, bytes: () => Bun.file(path) };
    const options = { known: new Set<never>(), concurrency: 1 };
    const wrong = { ...large, hash: sha256("something else") };
    await expect(putMissingBlobs(store, [wrong], options)).rejects.toMatchObject({ code: "corrupt_object" });
    expect(await store.head(blobKey(wrong.hash))).toBeUndefined();
    expect(await putMissingBlobs(store, [large], options)).toEqual({ newBytes: 5 * MIB, newBlobs: 1 });
    expect(sha256(await getBlob(store, large.hash))).toBe(large.hash);
  });
}
