import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { versionOf } from "./file-reads.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-versions-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** When times are old enough to be believed. */
const later = () => Date.now() + 10_000;
const version = (name: string) => versionOf(join(root, name), root, later());
const put = async (name: string, text: string) => {
  await writeFile(join(root, ".draft"), text);
  await rename(join(root, ".draft"), join(root, name));
};

test.each<[string, () => Promise<unknown>]>([
  ["is written anew", () => put("hosts/a", "two")],
  [
    "is written over, with its old time",
    async () => {
      await writeFile(join(root, "hosts/a"), "two");
      await utimes(join(root, "hosts/a"), 1, 1);
    },
  ],
  ["is removed", () => rm(join(root, "hosts/a"))],
])("an object that %s has another version", async (_, change) => {
  await mkdir(join(root, "hosts"));
  await put("hosts/a", "one");
  await utimes(join(root, "hosts/a"), 1, 1);
  const before = await version("hosts/a");
  expect(await version("hosts/a")).toBe(before!);
  await Bun.sleep(20);
  await change();
  const after = await version("hosts/a");
  expect(after).toBeDefined();
  expect(after).not.toBe(before);
});

test.each<[string, () => Promise<unknown>]>([
  ["an object is written", () => put("access/a", "one")],
  ["another one is", () => put("access/c", "one")],
  ["one is removed", () => rm(join(root, "access/b"))],
])("when %s, the folder and what is not there have other versions", async (_, change) => {
  await mkdir(join(root, "access"));
  await put("access/b", "one");
  const names = ["access", "access/a"];
  const before = await Promise.all(names.map(version));
  expect(await Promise.all(names.map(version))).toEqual(before);
  await Bun.sleep(20);
  await change();
  const after = await Promise.all(names.map(version));
  for (const at of [0, 1]) expect([after[at], after[at] === before[at]]).toEqual([expect.any(String), false]);
});

test("a folder that is not there yet has another version when it is made", async () => {
  const before = await version("access");
  expect(before).toBeDefined();
  await Bun.sleep(20);
  await mkdir(join(root, "access"));
  expect(await version("access")).not.toBe(before);
});

test("what has just changed has none, and neither has anything in a store that is gone", async () => {
  await put("a", "one");
  expect(await versionOf(join(root, "a"), root)).toBeUndefined();
  await rm(root, { recursive: true });
  expect(await version("a")).toBeUndefined();
});
