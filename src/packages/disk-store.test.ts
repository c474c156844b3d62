import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskStore } from "./disk-store.ts";

let directory: string;
let store: DiskStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth-store-"));
  store = await DiskStore.open(directory, 1000);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const bytes = (count: number) => new Uint8Array(count);
async function keep(name: string, size: number): Promise<void> {
  const draft = await store.draft();
  await draft.write(bytes(size));
  await store.keep(name, draft);
}

test("what is being written takes the place of what was kept", async () => {
  for (const name of ["a", "b", "c"]) await keep(name, 300);
  const draft = await store.draft();
  await draft.write(bytes(500));
  const left = await Promise.all(["a", "b", "c"].map((name) => store.find(name)));
  expect(left.filter((kept) => kept !== undefined)).toHaveLength(1);
  await store.keep("d", draft);
  expect((await store.find("d"))?.size).toBe(500);
});

test("drafts together have no more room than the store, and give it back", async () => {
  const [first, second] = [await store.draft(), await store.draft()];
  await first.write(bytes(700));
  await expect(second.write(bytes(700))).rejects.toThrow("no room");
  await store.drop(second);
  await expect(second.write(bytes(1))).rejects.toThrow("no longer wanted");
  await store.drop(first);
  await store.drop(first);
  expect(await readdir(join(directory, "drafts"))).toEqual([]);
  await keep("whole", 1000);
  expect((await store.find("whole"))?.size).toBe(1000);
});

test("a body that is too large is not read to its end", async () => {
  const draft = await store.draft();
  await expect(draft.pour(new Response(bytes(600)), 500)).rejects.toThrow("a body of more than");
  await store.drop(draft);
});
