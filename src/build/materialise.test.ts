import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sha256, sha256 } from "../model/ids.ts";
import type { TreeMode } from "../model/tree.ts";
import { materialise } from "./materialise.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth-materialise-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function write(files: [path: string, mode: TreeMode, content: string][], signal = new AbortController().signal) {
  const blobs = new Map(files.map(([, , content]) => [sha256(content), Buffer.from(content)]));
  const entries = files.map(([path, mode, text]) => ({
    path,
    mode,
    hash: sha256(text),
    size: Buffer.byteLength(text),
  }));
  const readBlob = async (hash: Sha256) => blobs.get(hash)!;
  const streamBlob = async function* (hash: Sha256) {
    const bytes = blobs.get(hash)!;
    for (let at = 0; at < bytes.length; at += 300_000) yield bytes.subarray(at, at + 300_000);
  };
  return materialise({ tree: { entries }, directory, readBlob, streamBlob, signal });
}

test("files with their modes, folders and links", async () => {
  await write([
    ["a/b.txt", "100644", "text"],
    ["run", "100755", "#!/bin/sh"],
    ["empty", "100644", ""],
    ["a/link", "120000", "../../outside"],
  ]);
  expect(await readFile(join(directory, "a/b.txt"), "utf8")).toBe("text");
  expect((await stat(join(directory, "run"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(directory, "empty"))).size).toBe(0);
  expect(await readlink(join(directory, "a/link"))).toBe("../../outside");
});

test("a large file comes in chunks, and whole", async () => {
  const text = "0123456789".repeat(250_000);
  await write([["large", "100755", text]]);
  expect(await readFile(join(directory, "large"), "utf8")).toBe(text);
  expect((await stat(join(directory, "large"))).mode & 0o777).toBe(0o755);
});

test.each([
  ["a path that leaves", [["../x", "100644", ""]]],
  ["an absolute path", [["/tmp/x", "100644", ""]]],
  ["a .git folder", [["a/.git/hooks/x", "100755", ""]]],
  [
    "an entry below a link",
    [
      ["a", "120000", "/tmp"],
      ["a/x", "100644", ""],
    ],
  ],
  ["an empty link", [["a", "120000", ""]]],
] as [string, [string, TreeMode, string][]][])("%s is refused", async (_, files) => {
  await expect(write(files)).rejects.toMatchObject({ code: "source_refused" });
  expect(await readdir(directory)).toEqual([]);
});

test("stops when it is told to", async () => {
  await expect(write([["a", "100644", "x"]], AbortSignal.abort())).rejects.toThrow();
  expect(await readdir(directory)).toEqual([]);
});
