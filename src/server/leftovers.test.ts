import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeOwner } from "../sandbox/leftovers.ts";
import { findLeftovers, removeLeftovers } from "./leftovers.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-leftovers-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function plant(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(root, path, "sub"), { recursive: true });
    await writeFile(join(root, path, "sub/file"), "x");
  }
}

test("what is passing by its name, and nothing else", async () => {
  const passing = ["data/tmp/git-1", "data/tmp/cache.2", "data/slots/try-a", "data/fetches/try-b"];
  passing.push("data/toolchains/fetching-a", "data/toolchains/making-b", "data/database/draft-a");
  const kept = ["data/slots/runtime", "data/slots/1", "data/toolchains/node-24.2.0", "data/database/cluster"];
  await plant(...passing, ...kept, "data/objects/blobs", "tmp");
  const found = await findLeftovers(join(root, "data"), join(root, "tmp"));
  expect(found.sort()).toEqual(passing.map((path) => join(root, path)).sort());
  await chmod(join(root, "data/tmp/git-1/sub"), 0);
  const faults: unknown[] = [];
  await removeLeftovers(found, (error) => void faults.push(error));
  expect(faults).toEqual([]);
  expect(await readdir(join(root, "data/tmp"))).toEqual([]);
  expect((await readdir(join(root, "data/slots"))).sort()).toEqual(["1", "runtime"]);
});

test("a folder that is a link may be shared: what lies in it stays", async () => {
  await plant("shared/fetching-a", "data");
  await symlink(join(root, "shared"), join(root, "data/toolchains"));
  expect(await findLeftovers(join(root, "data"), join(root, "tmp"))).toEqual([]);
});

test("elsewhere, folders of the dead alone", async () => {
  await mkdir(join(root, "data"));
  const folders = ["dead", "living", "unknown"].map((name) => join(root, `tmp/berth-agent-${name}`));
  const [dead, living] = folders as [string, string];
  for (const folder of folders) await mkdir(join(folder, "run"), { recursive: true });
  writeOwner(living);
  await writeFile(join(dead, "run/owner"), JSON.stringify({ pid: 1, startTicks: "1", bootId: "an earlier one" }));
  await symlink(dead, join(root, "tmp/berth-agent-link"));
  expect(await findLeftovers(join(root, "data"), join(root, "tmp"))).toEqual([dead]);
});
