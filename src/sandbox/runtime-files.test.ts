import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareRuntimeFiles } from "./runtime-files.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth-runtime-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Above every pid that the kernel gives out (proc(5), pid_max). */
const NOBODY = 2 ** 23;

test("what a killed process left half-made is removed, and what a living one is at work on is not", async () => {
  await mkdir(join(directory, "bin"));
  const [left, living] = [NOBODY, process.ppid].map((pid) => join(directory, "bin", `bun.${pid}`));
  for (const draft of [left!, living!]) await writeFile(draft, "half");
  await prepareRuntimeFiles(directory, []);
  expect([existsSync(left!), existsSync(living!)]).toEqual([false, true]);
});

test("nothing half-made stays where it can't be finished", async () => {
  // A folder in a file's place: the last step fails.
  await mkdir(join(directory, "bin/bun/in-the-way"), { recursive: true });
  await expect(prepareRuntimeFiles(directory, [])).rejects.toThrow();
  expect(await readdir(join(directory, "bin"))).toEqual(["bun"]);
});
