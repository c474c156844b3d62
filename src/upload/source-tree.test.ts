import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sha256, sha256 } from "../model/ids.ts";
import type { TreeMode } from "../model/tree.ts";
import { getBlob } from "../store/blobs.ts";
import { openFileStore } from "../store/file.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { getTree } from "../store/trees.ts";
import { readFolder } from "./read-folder.ts";
import { type FetchedSource, putSourceTree, type SourceFile } from "./source-tree.ts";

const LIMITS = { wallMs: 20_000, bytes: 50_000_000, files: 100 };
let folder: string;
let site: string;
let store: ObjectStore;
let log: string[];
const signal = new AbortController().signal;
const onLog = (text: string) => log.push(text);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-source-"));
  site = join(folder, "site");
  await mkdir(site);
  store = await openFileStore(join(folder, "objects"));
  log = [];
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function put(source: FetchedSource, { limits = LIMITS, known = new Set<Sha256>() } = {}) {
  return putSourceTree({ store, source, known, temporaryDirectory: join(folder, "tmp"), limits, signal, onLog });
}

const putFolder = async (options: Parameters<typeof put>[1] = {}) =>
  put(await readFolder({ path: site, limits: options.limits ?? LIMITS, signal, onLog }), options);

function sourceOf(files: [path: string, mode: TreeMode, text: string][]): FetchedSource {
  async function* all(): AsyncGenerator<SourceFile> {
    for (const [path, mode, text] of files) {
      yield {
        path,
        mode,
        chunks: async function* () {
          yield Buffer.from(text);
        },
      };
    }
  }
  const place = { branch: null, defaultBranch: null, commit: null, isDefaultBranch: false, isOwn: true };
  return { kind: "git", ...place, files: all(), close: async () => [] };
}

test("a folder is stored without secrets, dependencies and what is no file", async () => {
  await mkdir(join(site, "a/node_modules/x"), { recursive: true });
  await mkdir(join(site, ".git"));
  await writeFile(join(site, ".git/config"), "x");
  await writeFile(join(site, "a/node_modules/x/index.js"), "x");
  await writeFile(join(site, ".env.local"), "SECRET=1");
  await writeFile(join(site, ".env.example"), "SECRET=");
  await writeFile(join(site, "a/run"), "run");
  await chmod(join(site, "a/run"), 0o755);
  await symlink("a/run", join(site, "link"));
  await symlink("/etc/passwd", join(site, "absolute"));
  await symlink("../../x", join(site, "a/escape"));
  await Bun.spawn(["mkfifo", join(site, "pipe")]).exited;
  const result = await putFolder();
  const tree = await getTree(store, result.tree);
  expect(tree?.entries.map(({ path, mode }) => `${mode} ${path}`)).toEqual([
    "100644 .env.example",
    "100755 a/run",
    "120000 link",
  ]);
  expect(result).toMatchObject({ files: 3, bytes: 15, newBytes: 15 });
  for (const name of [".env.local", "absolute", "a/escape", "pipe"]) expect(log.join("\n")).toContain(`'${name}'`);
});

test("large files pass through the disk, and what is known is not put again", async () => {
  const large = Buffer.alloc(9_000_000, "abc");
  await writeFile(join(site, "large"), large);
  await writeFile(join(site, "small"), "small");
  const one = await putFolder();
  expect(one.newBytes).toBe(9_000_005);
  expect(sha256(await getBlob(store, sha256(large)))).toBe(sha256(large));
  expect(await readdir(join(folder, "tmp"))).toEqual([]);
  const two = await putFolder({ known: new Set(one.entries.map(({ hash }) => hash)) });
  expect(two).toMatchObject({ tree: one.tree, newBytes: 0 });
});

test("no files, too many and too large", async () => {
  await expect(putFolder()).rejects.toMatchObject({ code: "source_empty" });
  await writeFile(join(site, "a"), "aaaa");
  await writeFile(join(site, "b"), "b");
  await expect(putFolder({ limits: { ...LIMITS, files: 1 } })).rejects.toMatchObject({ code: "source_too_large" });
  await expect(putFolder({ limits: { ...LIMITS, bytes: 4 } })).rejects.toMatchObject({ code: "source_too_large" });
  const missing = readFolder({ path: join(folder, "none"), limits: LIMITS, signal, onLog });
  await expect(missing).rejects.toMatchObject({ code: "source_path_missing" });
});

test("a folder that vanishes is left out; a file that can't be read to its end is refused by name", async () => {
  await mkdir(join(site, "gone"));
  await writeFile(join(site, "a"), "a");
  const paths: string[] = [];
  for await (const { path } of (await readFolder({ path: site, limits: LIMITS, signal, onLog })).files) {
    paths.push(path);
    await rm(join(site, "gone"), { recursive: true });
  }
  expect(paths).toEqual(["a"]);
  expect(log).toContain("Warning: 'gone' is left out, because it can't be read (ENOENT).");
  // What the kernel shows of a process are files of which some give errors.
  const ofKernel = await readFolder({ path: "/proc/self", limits: { ...LIMITS, files: 10_000 }, signal, onLog });
  await expect(put(ofKernel)).rejects.toMatchObject({
    code: "source_refused",
    message: expect.stringMatching(/^'.+' can't be read to its end \(E[A-Z]+\)\.$/),
  });
});

test("unsafe names are refused", async () => {
  for (const path of ["../x", "a/.git/config", "a\nb", "/etc/x", "a\\b", "x\ufffd"]) {
    await expect(put(sourceOf([[path, "100644", "x"]]))).rejects.toMatchObject({ code: "source_refused" });
  }
  const below = sourceOf([
    ["a", "120000", "b"],
    ["a/c", "100644", "x"],
  ]);
  await expect(put(below)).rejects.toMatchObject({ code: "source_refused" });
});
