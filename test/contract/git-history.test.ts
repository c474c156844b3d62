import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexGitFolder, removeGitFolder, writeGitFolder } from "../../src/build/git-folder.ts";
import { environment } from "../../src/environment.ts";
import type { Sha256 } from "../../src/model/ids.ts";
import { fetchGit } from "../../src/upload/fetch-git.ts";
import type { CloneDepth } from "../../src/upload/fetch-repository.ts";
import { type Fetcher, openFetcher } from "../support/fetcher.ts";
import { startGitServer } from "../support/git-server.ts";
import { runToEnd } from "../support/process.ts";

/** What an upload stores of a commit's history is what a build's git tells: both halves, with real git. */
const LIMITS = {
  wallMs: 20_000,
  memoryBytes: 1024 ** 3,
  processes: 64,
  diskBytes: 64 * 1024 ** 2,
  fileBytes: 1024 ** 3,
  logBytes: 1024 ** 2,
};
const SLOT = 3;
const FILES: Record<string, string> = { "old.md": "old", "new.md": "new", "run.sh": "#!/bin/sh\n", "a/b.txt": "b" };

let folder: string;
let fetcher: Fetcher;
const commits: string[] = [];
const git = (...args: string[]) =>
  runToEnd(["git", "-C", join(folder, "site.git"), "-c", "user.name=T", "-c", "user.email=t@example.com", ...args], {
    env: {
      PATH: environment.variables.PATH!,
      HOME: folder,
      GIT_COMMITTER_DATE: `2024-01-0${commits.length + 1}T12:00:00Z`,
    },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-history-"));
  await chmod(folder, 0o711);
  fetcher = await openFetcher(folder, 52_800);
  await mkdir(join(folder, "site.git"));
  await git("init", "-q", "-b", "main");
  for (const path of ["old.md", "new.md", "run.sh", "a/b.txt"]) {
    await mkdir(join(folder, "site.git/a"), { recursive: true });
    await writeFile(join(folder, "site.git", path), FILES[path]!);
    if (path === "run.sh") await chmod(join(folder, "site.git", path), 0o755);
    await git("add", "--all");
    await git("commit", "-q", "-m", `add ${path}`);
    commits.push((await git("rev-parse", "HEAD")).trim());
    if (path === "new.md") await git("tag", "-a", "-m", "one", "v1.0");
  }
  await git("tag", "light");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What commands of git print in a build of the commit that was fetched. */
async function inBuild(depth: CloneDepth, commands: readonly string[][]): Promise<string[]> {
  const server = startGitServer({ root: folder });
  const source = await fetchGit(fetcher.options(`${server.url}/site.git`, { depth }));
  for await (const _file of source.files);
  const { pack, ...names } = (await source.history?.())!;
  const chunks: Uint8Array[] = [];
  for await (const chunk of pack()) chunks.push(chunk);
  await source.close();
  await server.stop();

  const { sandbox } = fetcher;
  const { work } = await sandbox.prepareSlot(SLOT);
  await mkdir(join(work, "a"));
  for (const [path, text] of Object.entries(FILES)) await writeFile(join(work, path), text);
  await chmod(join(work, "run.sh"), 0o755);
  await writeGitFolder(work, { ...names, pack: "" as Sha256 }, Buffer.concat(chunks));
  await sandbox.handOver(SLOT);
  const { signal } = new AbortController();
  expect(await indexGitFolder(sandbox, { slot: SLOT, limits: LIMITS, signal })).toBeUndefined();
  const printed: string[] = [];
  for (const command of commands) {
    let text = "";
    await sandbox.run(["git", ...command], {
      ...{ slot: SLOT, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits: LIMITS, signal },
      onOutput: (_, bytes) => {
        text += Buffer.from(bytes).toString("utf8");
      },
    });
    printed.push(text.trim());
  }
  await removeGitFolder(work);
  expect(await Bun.file(join(work, ".git/HEAD")).exists()).toBe(false);
  await sandbox.clearSlot(SLOT);
  return printed;
}

const DATE = ["log", "-1", "--format=%cs", "--"];

test("with the whole history a build's git tells commits, dates, tags and that nothing changed", async () => {
  const printed = await inBuild("full", [
    ["rev-parse", "HEAD"],
    ["branch", "--show-current"],
    [...DATE, "old.md"],
    [...DATE, "a/b.txt"],
    ["describe"],
    ["describe", "--tags", "--dirty"],
    ["status", "--porcelain"],
    ["remote"],
    ["config", "core.hooksPath", ".husky"],
    ["rev-list", "--count", "HEAD"],
  ]);
  const short = commits[3]!.slice(0, 7);
  expect(printed).toEqual([
    commits[3]!,
    "main",
    "2024-01-01",
    "2024-01-04",
    `v1.0-2-g${short}`,
    "light",
    "",
    "",
    "",
    "4",
  ]);
});

test("by default one commit is known, and the tag on it", async () => {
  const printed = await inBuild(1, [
    ["rev-parse", "HEAD"],
    ["rev-list", "--count", "HEAD"],
    ["describe", "--tags"],
    ["status", "--short"],
  ]);
  expect(printed).toEqual([commits[3]!, "1", "light", ""]);
});

test("a depth of three commits dates what they changed", async () => {
  const printed = await inBuild(3, [[...DATE, "run.sh"], ["describe"], ["rev-list", "--count", "HEAD"]]);
  expect(printed).toEqual(["2024-01-03", `v1.0-2-g${commits[3]!.slice(0, 7)}`, "3"]);
});
