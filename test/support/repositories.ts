import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runToEnd } from "./process.ts";

export interface TestRepository {
  path: string;
  /** Writes files and commits them. @returns the commit's id */
  commit(files: Record<string, string>, options?: { branch?: string }): Promise<string>;
  remove(): Promise<void>;
}

const IDENTITY = {
  GIT_AUTHOR_NAME: "T",
  GIT_AUTHOR_EMAIL: "t@example.com",
  GIT_COMMITTER_NAME: "T",
  GIT_COMMITTER_EMAIL: "t@example.com",
};

/** A real git repository in a folder of its own, named so that the project's name can be told. */
export async function newRepository(name: string, files: Record<string, string> = {}): Promise<TestRepository> {
  const parent = await mkdtemp(join(tmpdir(), "berth-repo-"));
  await chmod(parent, 0o755);
  const path = join(parent, name);
  const git = (...args: string[]) =>
    runToEnd(["git", "-C", path, ...args], { env: { PATH: Bun.env.PATH!, HOME: parent, ...IDENTITY } });
  await mkdir(path);
  await git("init", "--quiet", "--initial-branch=main");
  let commits = 0;
  const repository: TestRepository = {
    path,
    async commit(contents, { branch } = {}) {
      if (branch !== undefined) await git("checkout", "--quiet", "-B", branch);
      for (const [file, text] of Object.entries(contents)) {
        await mkdir(dirname(join(path, file)), { recursive: true });
        await writeFile(join(path, file), text);
      }
      await git("add", "--all");
      // Two commits of the same files within one second would otherwise be one and the same commit.
      await git("commit", "--quiet", "--allow-empty", "--message", `change ${++commits}`);
      const id = (await git("rev-parse", "HEAD")).trim();
      // The branch that is checked out counts as the repository's default one.
      await git("checkout", "--quiet", "main");
      return id;
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
  if (Object.keys(files).length > 0) await repository.commit(files);
  return repository;
}

/** A package with a build of its own that needs nothing from a registry. */
export function buildableSite(build: string, extra: Record<string, string> = {}): Record<string, string> {
  return {
    "package.json": JSON.stringify({ name: "site", private: true, scripts: { build: "node build.mjs" } }),
    "build.mjs": build,
    ...extra,
  };
}

export const WRITES_DIST = `import { mkdirSync, writeFileSync, readFileSync } from "node:fs";
mkdirSync("dist/assets", { recursive: true });
writeFileSync("dist/index.html", "<!doctype html><title>Built</title><h1>" + readFileSync("text.txt", "utf8") + "</h1>");
writeFileSync("dist/404.html", "<!doctype html><title>Lost</title><h1>Own not found</h1>");
writeFileSync("dist/assets/app-3f9a1c2b4d.js", "console.log(" + JSON.stringify("x".repeat(2000)) + ")");
console.log("built");
`;
