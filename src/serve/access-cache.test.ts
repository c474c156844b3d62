import { expect, test } from "bun:test";
import type { Access } from "../model/access.ts";
import { BerthError } from "../model/errors.ts";
import { AccessCache, type Known, OPEN, VERSION_AGE_MS } from "./access-cache.ts";
import { FRESH_MS, STALE_MS } from "./host-cache.ts";

const access: Access = {
  version: 1,
  cookieKey: "",
  protections: [{ id: "a", scope: "all", kind: "token", hash: "", createdAt: "" }],
};

test("one read however many ask, and none while it is fresh", async () => {
  let reads = 0;
  let now = 0;
  const cache = new AccessCache(
    {
      load: async () => {
        reads += 1;
        return access;
      },
    },
    () => now,
    () => 0,
  );
  expect(cache.peek("site")).toBeUndefined();
  expect(await Promise.all([1, 2, 3].map(() => cache.read("site")))).toEqual([access, access, access]);
  now = FRESH_MS;
  expect([cache.peek("site"), reads]).toEqual([access, 1]);
  now = STALE_MS;
  expect(cache.peek("site")).toBe(access);
  await Bun.sleep(0);
  expect(reads).toBe(2);
  now = 2 * STALE_MS + 1;
  expect(cache.peek("site")).toBeUndefined();
});

test("a project whose last key was removed is open", async () => {
  const cache = new AccessCache({ load: async () => ({ ...access, protections: [] }) }, () => 0);
  expect(await cache.read("site")).toBe(OPEN);
});

test("what a read saw that began before a change is not kept", async () => {
  const early = Promise.withResolvers<Access | undefined>();
  let stored: Promise<Access | undefined> = early.promise;
  const cache = new AccessCache({ load: () => stored }, () => 0);
  const asked = cache.read("site");
  cache.invalidateAll();
  stored = Promise.resolve(access);
  const later = cache.read("site");
  early.resolve(undefined);
  expect(await Promise.all([asked, later])).toEqual([OPEN, access]);
  expect(cache.peek("site")).toBe(access);
});

test("a store that hangs is like one that is down: what is known counts", async () => {
  let stored: Promise<Access | undefined> = Promise.resolve(access);
  const cache = new AccessCache({ load: () => stored }, () => 0);
  await cache.read("site");
  cache.invalidateAll();
  stored = new Promise(() => {});
  expect(await cache.read("site")).toBe(access);
}, 10_000);

test("after a start with the store down, what the disk remembers counts; with a damaged object it does not", async () => {
  const disk = new Map<string, Known>();
  const fault = new BerthError("store_unavailable", "down", { hint: "" });
  let stored: () => Promise<Access | undefined> = async () => access;
  const start = () =>
    new AccessCache(
      {
        load: () => stored(),
        remembered: async (project) => disk.get(project),
        learned: (project, known) => disk.set(project, known),
      },
      () => 0,
    );
  expect(await start().read("site")).toEqual(access);
  stored = () => Promise.reject(fault);
  expect(await start().read("site")).toEqual(access);
  expect(start().read("other")).rejects.toBe(fault);
  const damaged = new BerthError("corrupt_object", "damaged", { hint: "" });
  stored = () => Promise.reject(damaged);
  expect(start().read("site")).rejects.toBe(damaged);
});

test.each<[string, Access | undefined, number[]]>([
  ["keys", access, [2, 2, 3, 3]],
  ["no keys", undefined, [2, 2, 3, 3]],
  ["an object without keys", { ...access, protections: [] }, [2, 3, 4, 5]],
])("%s: read again once the version is another one", async (_, stored, expected) => {
  let [reads, now, version] = [0, 0, "1"];
  const load = async () => {
    reads += 1;
    return stored;
  };
  const cache = new AccessCache(
    { load, version: async () => version },
    () => now,
    () => 0,
  );
  const first = await cache.read("site");
  const look = async () => {
    now += FRESH_MS + 1;
    expect(cache.peek("site")).toEqual(first);
    await Bun.sleep(1);
    return reads;
  };
  // The first time there is nothing to compare with.
  const seen = [await look(), await look()];
  version = "2";
  expect([...seen, await look(), await look()]).toEqual(expected);
});

test("what was believed of no keys says nothing of keys that came", async () => {
  let [now, stored] = [0, undefined as Access | undefined];
  const asked: Known[] = [];
  const version = async (_: string, known: Known) => {
    asked.push(known);
    return known === OPEN ? "of all" : "of its own";
  };
  const cache = new AccessCache(
    { load: async () => stored, version },
    () => now,
    () => 0,
  );
  expect(await cache.read("site")).toBe(OPEN);
  stored = access;
  for (const known of [OPEN, access, access] as Known[]) {
    now += FRESH_MS + 1;
    expect(cache.peek("site")).toBe(known);
    await Bun.sleep(1);
  }
  expect(asked).toEqual([OPEN, access, access]);
});

test("what the version told is as old as that may be", async () => {
  let now = 0;
  const source = { load: async () => access, version: async () => "1" };
  const cache = new AccessCache(
    source,
    () => now,
    () => 0,
  );
  for (const _ of [1, 2, 3]) {
    await cache.read("site");
    now += STALE_MS - VERSION_AGE_MS;
  }
  expect(cache.peek("site")).toBe(access);
  now += 1;
  expect(cache.peek("site")).toBeUndefined();
});
