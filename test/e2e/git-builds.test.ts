import { afterAll, beforeAll, expect, test } from "bun:test";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository } from "../support/repositories.ts";

/** A build asks git and its host's variables what site code asks, on the whole platform. */
const ASKS = `import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
const git = (...args) => execFileSync("git", args, { encoding: "utf8" }).trim();
mkdirSync("dist", { recursive: true });
const { BRANCH, COMMIT_REF, VERCEL_GIT_COMMIT_SHA, CF_PAGES_COMMIT_SHA, DEPLOY_URL, NETLIFY, VERCEL } = process.env;
writeFileSync("dist/index.html", JSON.stringify({
  head: git("rev-parse", "HEAD"),
  branch: git("branch", "--show-current"),
  commits: git("rev-list", "--count", "HEAD"),
  changed: git("status", "--porcelain", "--untracked-files=no"),
  remote: git("remote"),
  variables: { BRANCH, COMMIT_REF, VERCEL_GIT_COMMIT_SHA, CF_PAGES_COMMIT_SHA, DEPLOY_URL, NETLIFY, VERCEL },
}));
`;

let platform: TestPlatform;
let repository: TestRepository;
beforeAll(async () => {
  platform = await startPlatform();
  repository = await newRepository("asking", buildableSite(ASKS));
}, 120_000);
afterAll(async () => {
  await platform.stop();
  await repository.remove();
  await removeDataDirectory(platform.dataDirectory);
}, 30_000);

async function answers(id: string, url: string): Promise<Record<string, unknown>> {
  const response = await platform.site(new URL(url).host, "/");
  const text = await response.text();
  if (!text.startsWith("{")) throw new Error(`${text}\n${await logOf(platform, id)}`);
  return JSON.parse(text) as Record<string, unknown>;
}

test("git and the usual variables tell a build its commit, branch and URL", async () => {
  const commit = await repository.commit({ "text.txt": "two" });
  const { id, url, error } = await deployAndWait(platform, { source: repository.path });
  expect(error).toBeNull();
  expect(await answers(id, url)).toEqual({
    ...{ head: commit, branch: "main", commits: "1", changed: "", remote: "" },
    variables: {
      ...{ BRANCH: "main", COMMIT_REF: commit, VERCEL_GIT_COMMIT_SHA: commit, CF_PAGES_COMMIT_SHA: commit },
      DEPLOY_URL: url,
    },
  });
}, 120_000);

test("clone_depth is a project's setting", async () => {
  const settings = JSON.stringify({ settings: { clone_depth: "full" } });
  const changed = await platform.api("/projects/asking", { method: "PATCH", body: settings });
  expect(changed.status).toBe(200);
  await repository.commit({ "text.txt": "three" });
  const { id, url } = await deployAndWait(platform, { source: repository.path });
  expect(await answers(id, url)).toMatchObject({ commits: "3" });
}, 120_000);
