import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaveNodeToPlatform } from "./pnpm-node.ts";

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "berth-pnpm-"));
});
afterEach(() => rm(work, { recursive: true, force: true }));

test("what tells pnpm to fetch a Node is taken out, and nothing else", async () => {
  await mkdir(join(work, "web"));
  const sources: Record<string, string> = {
    ".npmrc": "ignore-scripts=false\nuse-node-version=20.18.3\nhoist=true\n",
    "pnpm-workspace.yaml": "packages:\n  - web\nuseNodeVersion: '22.1.0' # for all\n",
    "web/.npmrc": "# use-node-version=20.18.3\n",
  };
  await leaveNodeToPlatform(work, { root: "web", workspaceRoot: "." }, async (path) => sources[path]);
  expect(await readFile(join(work, ".npmrc"), "utf8")).toBe("ignore-scripts=false\n\nhoist=true\n");
  expect(await readFile(join(work, "pnpm-workspace.yaml"), "utf8")).toBe("packages:\n  - web\n\n");
  expect(await readdir(join(work, "web"))).toEqual([]);
});
