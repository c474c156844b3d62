import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Protection } from "../model/access.ts";
import { withProtection } from "../model/access.ts";
import { changeAccess, getAccess, newAccess, removeAccess } from "./access.ts";
import { openFileStore } from "./file.ts";
import type { ObjectStore } from "./object-store.ts";

let folder: string;
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-access-"));
  store = openFileStore(folder);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

test("of changes side by side none is lost, and all see one key", async () => {
  const add = (n: number) => {
    const token: Protection = { id: `${n}`, scope: "all", kind: "token", hash: "x", createdAt: "" };
    return changeAccess(store, "site", (now) => withProtection(now ?? newAccess(), token));
  };
  const results = await Promise.all(Array.from({ length: 12 }, (_, n) => add(n)));
  const stored = (await getAccess(store, "site"))!;
  expect(stored.protections.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
  expect(new Set(results.map(({ cookieKey }) => cookieKey))).toEqual(new Set([stored.cookieKey]));
  expect(Buffer.from(stored.cookieKey, "base64").length).toBe(32);
});

test("a project without the object is open; one whose object is damaged is not", async () => {
  expect(await getAccess(store, "nothing")).toBeUndefined();
  await store.put("access/damaged", new TextEncoder().encode('{"version":1,"protections":[]}'));
  expect(getAccess(store, "damaged")).rejects.toMatchObject({ code: "corrupt_object" });
  expect(getAccess(store, "../hosts/x")).rejects.toMatchObject({ code: "corrupt_object" });
  await removeAccess(store, "site");
  expect(await getAccess(store, "site")).toBeUndefined();
});
