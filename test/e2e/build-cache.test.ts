import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { newRepository, type TestRepository } from "../support/repositories.ts";

const SITE = {
  "package.json": JSON.stringify({
    name: "site",
    private: true,
    scripts: { build: "node build.mjs" },
    dependencies: { "is-number": "7.0.0" },
  }),
  "package-lock.json": JSON.stringify({
    name: "site",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "site", dependencies: { "is-number": "7.0.0" } },
      "node_modules/is-number": { version: "7.0.0" },
    },
  }),
  // Counts the builds that its cache has seen.
  "build.mjs": `import "is-number";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
const git = (...args) => execFileSync("git", args, { encoding: "utf8" }).trim();
const file = "node_modules/.cache/count";
const told = "node_modules/.told";
const found = existsSync(told) ? readFileSync(told, "utf8") : "nothing";
writeFileSync(told, process.env.TOKEN ?? "no variables");
const count = existsSync(file) ? Number(readFileSync(file, "utf8")) + 1 : 1;
for (const folder of ["node_modules/.cache", "dist"]) mkdirSync(folder, { recursive: true });
writeFileSync(file, String(count));
writeFileSync("dist/index.html", "count " + count);
writeFileSync("dist/found.txt", found);
writeFileSync("dist/git.txt", git("rev-parse", "HEAD") + git("status", "--porcelain", "--untracked-files=no"));
`,
};
const NOT_INSTALLED = "Not installed again";

/** What a build leaves makes the next one quicker, and never another one's output different. */
describe("build caches", () => {
  let platform: TestPlatform;
  let repository: TestRepository;
  let changes = 0;
  beforeAll(async () => {
    platform = await startPlatform();
    repository = await newRepository("depot", SITE);
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    await repository.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const change = (branch?: string) =>
    repository.commit({ "text.txt": String(++changes) }, branch === undefined ? {} : { branch });
  const deploy = async (wish: Record<string, unknown> = {}) => {
    const deployment = await deployAndWait(platform, { source: repository.path, ...wish });
    expect(deployment.error).toBeNull();
    const { host } = new URL(deployment.url);
    const [page, git] = await Promise.all(["/", "/git.txt"].map((path) => platform.site(host, path)));
    return { page: await page!.text(), git: await git!.text(), log: await logOf(platform, deployment.id) };
  };
  const objects = async () => {
    const folder = join(platform.dataDirectory, "objects/caches");
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    return names.filter((name) => /\d{13}$/.test(name)).map((name) => join(folder, name));
  };
  /** A cache is kept behind the site's going live. */
  const untilKept = async (lane: string, known: readonly string[]) => {
    const isNew = (path: string) => path.includes(`/${lane}/`) && path.includes("work-") && !known.includes(path);
    while (!(await objects()).some(isNew)) await Bun.sleep(50);
  };
  const deployAndKeep = async (lane: string, wish: Record<string, unknown> = {}) => {
    const known = await objects();
    const result = await deploy(wish);
    await untilKept(lane, known);
    return result;
  };

  test("a second build finds what the first one left, and its packages", async () => {
    const first = await deployAndKeep("production");
    expect([first.page, first.log.includes(NOT_INSTALLED)]).toEqual(["count 1", false]);
    const commit = await change();
    const second = await deployAndKeep("production");
    expect([second.page, second.log.includes(NOT_INSTALLED)]).toEqual(["count 2", true]);
    // git's index is made beside it.
    expect(second.git).toBe(commit);
  }, 120_000);

  test("a preview reads production's caches, and production none of a preview's", async () => {
    await change("side");
    for (const _ of [1, 2]) {
      const preview = await deploy({ branch: "side" });
      expect([preview.page, preview.log.includes(NOT_INSTALLED)]).toEqual(["count 3", true]);
      await change("side");
    }
    expect((await objects()).filter((path) => path.includes("/preview/"))).toEqual([]);
    await change();
    expect((await deployAndKeep("production", { branch: "main" })).page).toBe("count 3");
  }, 120_000);

  test("what a preview made out of another preview's caches goes to production by a build alone", async () => {
    const project = "reef";
    await change("side");
    expect((await deployAndKeep("preview", { project, branch: "side" })).page).toBe("count 1");
    await change("side");
    expect((await deployAndKeep("preview", { project, branch: "side" })).page).toBe("count 2");
    const again = await deployAndWait(platform, { source: repository.path, project, branch: "side" });
    expect(again).toMatchObject({ reused: true, trust: "preview" });
    const live = await deployAndWait(platform, { source: repository.path, project, branch: "side", production: true });
    expect(live).toMatchObject({ error: null, reused: false, trust: "production" });
    expect(await (await platform.site("reef.localhost", "/")).text()).toBe("count 1");
    const after = await deployAndWait(platform, { source: repository.path, project, branch: "side" });
    expect(await (await platform.site(new URL(after.url).host, "/")).text()).toBe("count 1");
  }, 120_000);

  test("another project of the same repository has none of it", async () => {
    const other = await deployAndKeep("production", { project: "other" });
    expect([other.page, other.log.includes(NOT_INSTALLED)]).toEqual(["count 1", false]);
  }, 60_000);

  test("a fork finds nothing of what the project's own builds left, and leaves nothing", async () => {
    const stranger = await newRepository("stranger", SITE);
    const before = await objects();
    const fork = await deployAndWait(platform, { source: stranger.path, project: "depot" });
    await stranger.remove();
    expect(fork).toMatchObject({ error: null, trust: "fork", reused: false });
    expect(await (await platform.site(new URL(fork.url).host, "/found.txt")).text()).toBe("nothing");
    expect(await logOf(platform, fork.id)).not.toContain(NOT_INSTALLED);
    expect((await objects()).filter((path) => !before.includes(path))).toEqual([]);
  }, 60_000);

  test("--force goes without", async () => {
    const forced = await deployAndKeep("production", { force: true });
    expect([forced.page, forced.log.includes(NOT_INSTALLED)]).toEqual(["count 1", false]);
  }, 60_000);

  test("a changed lockfile installs", async () => {
    const lock = `${SITE["package-lock.json"]}\n`;
    await repository.commit({ "package-lock.json": lock });
    expect((await deployAndKeep("production")).log).not.toContain(NOT_INSTALLED);
  }, 60_000);

  test("a damaged cache is dropped, and fails nothing", async () => {
    for (const path of await objects()) await writeFile(path, "garbage");
    await change();
    const after = await deploy();
    expect(after.page).toBe("count 1");
    expect(after.log).toContain("cache is dropped");
  }, 60_000);

  test("a project takes its caches with it", async () => {
    for (const name of ["depot", "other", "reef"]) await platform.api(`/projects/${name}`, { method: "DELETE" });
    while ((await objects()).length > 0) await Bun.sleep(50);
  }, 60_000);
});
