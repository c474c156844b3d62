import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../model/ids.ts";
import { DiskCache } from "./disk-cache.ts";

const KIB = 1024;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-disk-cache-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = async (limitBytes = 1024 * KIB) => {
  const cache = new DiskCache(join(folder, "cache"), limitBytes);
  await cache.counted;
  return cache;
};
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

async function files(): Promise<string[]> {
  const names = await readdir(join(folder, "cache"), { recursive: true, withFileTypes: true });
  const kept = names.filter((entry) => entry.isFile() && !entry.parentPath.endsWith("/tmp"));
  return kept.map((entry) => join(entry.parentPath, entry.name));
}

/** What is kept is written in the background. */
async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isReached())) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function keep(cache: DiskCache, text: string): Promise<ReturnType<typeof sha256>> {
  const hash = sha256(text);
  cache.keepBlob(hash, bytesOf(text));
  await until(async () => (await files()).some((file) => file.endsWith(hash)));
  return hash;
}

test("what was kept is there after a restart, and for its owner alone", async () => {
  const first = await open();
  const hash = await keep(first, "bytes");
  first.keepText("host", "a.localhost", bytesOf('{"generation":1}'));
  first.keepText("manifest", "a", bytesOf("{}"));
  await until(async () => (await files()).length === 3);
  const second = await open();
  expect(second.bytes).toBe(3 * 4096);
  expect(textOf(await second.blob(hash))).toBe("bytes");
  expect(textOf(await second.text("host", "a.localhost"))).toBe('{"generation":1}');
  expect(await second.text("host", "b.localhost")).toBeUndefined();
  expect(await second.text("host", "a")).toBeUndefined();
  for (const file of await files()) expect((await stat(file)).mode & 0o077).toBe(0);
  expect((await stat(join(folder, "cache"))).mode & 0o077).toBe(0);
});

test("damage is found out at reading, and the entry goes", async () => {
  const cache = await open();
  const hash = await keep(cache, "bytes");
  cache.keepText("manifest", "a", bytesOf("{}"));
  await until(async () => (await files()).length === 2);
  for (const file of await files()) {
    const content = await readFile(file);
    content[content.length - 1]! ^= 1;
    await writeFile(file, content);
  }
  expect(await cache.blob(hash)).toBeUndefined();
  expect(await cache.text("manifest", "a")).toBeUndefined();
  expect([cache.corrupt, cache.bytes, await files()]).toEqual([2, 0, []]);
});

test("one entry's file in another's place is damage too", async () => {
  const cache = await open();
  cache.keepText("manifest", "a", bytesOf('{"of":"a"}'));
  await until(async () => (await files()).length === 1);
  const content = await readFile((await files())[0]!);
  cache.keepText("manifest", "b", bytesOf('{"of":"b"}'));
  await until(async () => (await files()).length === 2);
  for (const file of await files()) await writeFile(file, content);
  expect([textOf(await cache.text("manifest", "a")), await cache.text("manifest", "b")]).toEqual([
    '{"of":"a"}',
    undefined,
  ]);
});

test("it stays within its bytes; what was used longest ago goes first, and pointers last", async () => {
  const cache = await open(10 * 4096);
  cache.keepText("host", "a.localhost", bytesOf("{}"));
  await until(async () => (await files()).length === 1);
  const hashes = [];
  for (let n = 0; n < 9; n += 1) hashes.push(await keep(cache, `blob ${n}`));
  const all = await files();
  // An hour apart, the first blob the newest; the pointer the oldest of all.
  for (const file of all) {
    const age = hashes.findIndex((hash) => file.endsWith(hash));
    const at = new Date(Date.now() - (age === -1 ? 100 : age + 1) * 3_600_000);
    await utimes(file, at, (await stat(file)).mtime);
  }
  await keep(cache, "one more");
  await until(async () => (await files()).length === 9 && cache.bytes === 9 * 4096);
  expect(await cache.blob(hashes[8]!)).toBeUndefined();
  expect(textOf(await cache.blob(hashes[0]!))).toBe("blob 0");
  expect(textOf(await cache.text("host", "a.localhost"))).toBe("{}");
});

test("a smaller limit holds from the next start on", async () => {
  const cache = await open();
  for (let n = 0; n < 20; n += 1) await keep(cache, `blob ${n}`);
  expect((await open(10 * 4096)).bytes).toBeLessThanOrEqual(9 * 4096);
});

test("a large blob is hashed as it stands, again when it has changed, and half-written ones are swept", async () => {
  const cache = await open();
  const content = bytesOf("large".repeat(1_000));
  const hash = sha256(content);
  const { path, handle } = await cache.newFile();
  await handle.writeFile(content);
  await handle.close();
  await cache.keepFile(hash, path, content.length);
  expect(await (await cache.largeBlob(hash, content.length))?.bytes()).toEqual(content);
  const again = await open();
  expect(await (await again.largeBlob(hash, content.length))?.bytes()).toEqual(content);
  await writeFile(
    (await files())[0]!,
    content.map((byte) => byte ^ 1),
  );
  expect(await again.largeBlob(hash, content.length)).toBeUndefined();
  await (await again.newFile()).handle.close();
  await open();
  expect(await readdir(join(folder, "cache", "tmp"))).toEqual([]);
});

test("a folder that can't be used is like an empty one", async () => {
  await writeFile(join(folder, "cache"), "a file");
  const cache = await open();
  const hash = sha256("x");
  cache.keepBlob(hash, bytesOf("x"));
  await until(() => cache.faults > 1);
  expect(await cache.blob(hash)).toBeUndefined();
});
